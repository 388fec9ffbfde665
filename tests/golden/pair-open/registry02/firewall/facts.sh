FIREWALL=/etc/ha-registry/firewall.nft
OPENED=(port=15443/tcp port=15444/tcp port=15445/tcp port=15446/tcp port=15449/tcp protocol=vrrp)
