ENDPOINTS=(registry01.dev.com registry01.dev.com:80)
HOSTS_ENTRY='192.168.23.50 registry01.dev.com'
STORES=(/etc/docker/certs.d /etc/containerd/certs.d /etc/containers/certs.d)
SYSTEM_STORE=no
