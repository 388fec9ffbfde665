SETTINGS=/etc/ha-registry/replication.env
SPOOL=/var/spool/ha-registry
