FIREWALL=/etc/ha-registry/firewall.nft
OPENED=(port=1158/tcp port=5000/tcp port=8405/tcp protocol=vrrp)
