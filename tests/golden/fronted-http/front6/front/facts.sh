ADDRESS=221.228.86.6
CA=/etc/ha-registry/identity/ca.crt
NAME=registry.b.example
PEM=/etc/ha-registry/identity/front.pem
PORT=5000
SOCKET=/run/ha-registry/haproxy.sock
STAMP=411d721b89a2
STATS_LOGIN=/etc/ha-registry/identity/stats.login
