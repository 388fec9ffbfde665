ENDPOINTS=(registry.b.example:5000)
HOSTS_ENTRY=''
STORES=(/etc/docker/certs.d /etc/containerd/certs.d /etc/containers/certs.d)
SYSTEM_STORE=no
