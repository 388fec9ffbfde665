CA=/etc/ha-registry/identity/ca.crt
INTERFACE=ens192
NAME=registry01.dev.com
PEERS=(192.168.23.51)
PORT=443
VIP=192.168.23.50/20
