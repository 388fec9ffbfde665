ADDRESS=192.168.44.11
CA=/etc/ha-registry/identity/ca.crt
NAME=registry.c.example
PEM=/etc/ha-registry/identity/front.pem
PORT=443
SOCKET=/run/ha-registry/haproxy.sock
STAMP=c986b7243a6f
STATS_LOGIN=/etc/ha-registry/identity/stats.login
