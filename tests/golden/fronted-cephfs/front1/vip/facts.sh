CA=/etc/ha-registry/identity/ca.crt
INTERFACE=eth0
NAME=registry.e.example
PEERS=(10.20.0.12)
PORT=443
VIP=10.20.0.10/24
