FIREWALL=/etc/ha-registry/firewall.nft
OPENED=(port=443/tcp port=1158/tcp port=8405/tcp protocol=vrrp)
