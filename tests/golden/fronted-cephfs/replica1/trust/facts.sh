ENDPOINTS=(registry.e.example)
HOSTS_ENTRY='10.20.0.10 registry.e.example'
STORES=(/etc/docker/certs.d /etc/containerd/certs.d /etc/containers/certs.d)
SYSTEM_STORE=no
