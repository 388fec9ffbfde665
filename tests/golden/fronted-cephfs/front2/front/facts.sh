ADDRESS=10.20.0.12
CA=/etc/ha-registry/identity/ca.crt
NAME=registry.e.example
PEM=/etc/ha-registry/identity/front.pem
PORT=443
SOCKET=/run/ha-registry/haproxy.sock
STAMP=2245d7997f90
STATS_LOGIN=/etc/ha-registry/identity/stats.login
