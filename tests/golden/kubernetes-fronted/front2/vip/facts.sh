CA=/etc/ha-registry/identity/ca.crt
INTERFACE=ens192
NAME=registry.c.example
PEERS=(192.168.44.11)
PORT=443
VIP=192.168.44.10/24
