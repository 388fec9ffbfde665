ENDPOINTS=(registry.c.example)
HOSTS_ENTRY='192.168.44.10 registry.c.example'
STORES=(/etc/docker/certs.d /etc/containerd/certs.d /etc/containers/certs.d)
SYSTEM_STORE=no
