CA=/etc/ha-registry/identity/ca.crt
INTERFACE=eth0
NAME=registry.b.example
PEERS=(221.228.86.6)
PORT=5000
VIP=221.228.86.70/32
