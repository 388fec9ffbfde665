ADDRESS=10.20.0.11
CA=/etc/ha-registry/identity/ca.crt
NAME=registry.e.example
PEM=/etc/ha-registry/identity/front.pem
PORT=443
SOCKET=/run/ha-registry/haproxy.sock
STAMP=a912ad859968
STATS_LOGIN=/etc/ha-registry/identity/stats.login
