ADDRESS=192.168.44.12
CA=/etc/ha-registry/identity/ca.crt
NAME=registry.c.example
PEM=/etc/ha-registry/identity/front.pem
PORT=443
SOCKET=/run/ha-registry/haproxy.sock
STAMP=94f055d3b39d
STATS_LOGIN=/etc/ha-registry/identity/stats.login
