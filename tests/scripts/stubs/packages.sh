# shellcheck shell=bash
# The packages of the pretended distribution: what each needs, the programs it brings, the units it enables.
declare -A NEEDS=([docker.io]="containerd runc iptables" [skopeo]="" [jq]="libjq1" [keepalived]="libnl-3-200" [curl]="libcurl4" [nfs-common]="rpcbind" [ceph-common]="" [ceph-fuse]="" [socat]="" [haproxy]="")
declare -A PROGRAMS=([docker.io]="docker dockerd" [keepalived]=keepalived [iptables]="iptables iptables-save" [nftables]=nft [curl]=curl [skopeo]=skopeo [ca-certificates]=update-ca-certificates [haproxy]=haproxy [socat]=socat)
declare -A DAEMONS=([docker.io]="docker.service docker.socket" [containerd]=containerd.service [rpcbind]="rpcbind.socket rpcbind.service" [keepalived]=keepalived.service [haproxy]=haproxy.service)
# shellcheck disable=SC2034 # for apt-get and dnf
readonly KNOWN=" docker.io containerd runc iptables skopeo keepalived libnl-3-200 curl libcurl4 nftables ca-certificates monitoring-agent nfs-common nfs-utils rpcbind ceph-common ceph-fuse socat haproxy jq libjq1 "

is_installed() { [[ -e $H/packages/$1 ]]; }
missing() { # NAME: what its installation brings
  local name
  for name in ${NEEDS[$1]-} "$1"; do is_installed "$name" || echo "$name"; done
}
unpack() { # NAME
  local program unit
  touch "$H/packages/$1"
  for program in ${PROGRAMS[$1]-}; do ln -sf "$STUBS/$program" "$STUB_BIN/$program"; done
  for unit in ${DAEMONS[$1]-}; do
    printf '[Service]\nType=notify\n' >"$H/units/vendor/$unit"
    systemctl enable -q "$unit"
    [[ $unit == keepalived.service ]] || touch "$H/units/active/$unit" # without configuration it does not start
  done
  [[ $1 != keepalived ]] || mkdir -p "$ROOT/etc/keepalived"
  [[ $1 != haproxy ]] || { mkdir -p "$ROOT/etc/haproxy" && [[ -e $ROOT/etc/haproxy/haproxy.cfg ]] || printf 'global\n  daemon\n' >"$ROOT/etc/haproxy/haproxy.cfg"; }
  [[ $1 != haproxy ]] || start_haproxy
  [[ $1 != docker.io ]] || start_docker
}
start_haproxy() { # what its first start makes, and its purge leaves
  mkdir -p "$ROOT"/run/haproxy "$ROOT"/var/lib/haproxy/dev
  touch "$ROOT"/run/haproxy.pid "$ROOT"/run/haproxy-master.sock "$ROOT"/var/lib/haproxy/dev/log
}
start_docker() { # what dockerd makes at its first start
  mkdir -p "$ROOT"/etc/docker "$ROOT"/var/lib/docker/overlay2 "$ROOT"/run/docker/netns "$ROOT"/run/containerd "$H"/{iptables,links}
  touch "$ROOT"/run/docker.{sock,pid} "$ROOT/run/docker/netns/default" "$H/links/docker0"
  chain "$H/iptables/nat" PREROUTING OUTPUT POSTROUTING DOCKER
  chain "$H/iptables/filter" INPUT FORWARD DOCKER DOCKER-USER
  printf '%s\n' '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER' '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE' \
    '-A DOCKER -i docker0 -j RETURN' >>"$H/iptables/nat"
  printf '%s\n' '-A FORWARD -j DOCKER-USER' '-A FORWARD -o docker0 -j DOCKER' '-A DOCKER-USER -j RETURN' >>"$H/iptables/filter"
}
chain() { # FILE NAME...: adds the chains that are not there
  local name
  touch "$1"
  for name in "${@:2}"; do grep -q "^:$name " "$1" || printf ':%s ACCEPT [0:0]\n' "$name" >>"$1"; done
}
purge() { # NAME
  local program unit
  is_installed "$1" || return 0
  for unit in ${DAEMONS[$1]-}; do
    systemctl disable -q --now "$unit"
    rm -f "$H/units/vendor/$unit"
  done
  for program in ${PROGRAMS[$1]-}; do rm -f "$STUB_BIN/$program"; done
  [[ $1 != keepalived ]] || rmdir "$ROOT/etc/keepalived" 2>/dev/null || true
  [[ $1 != haproxy ]] || rm -rf "$ROOT/etc/haproxy" # its configuration is its own
  [[ $1 != docker.io ]] || rmdir "$ROOT/etc/docker" "$ROOT/var/lib/docker" 2>/dev/null || true
  rm -f "$H/packages/$1"
}
users_of() { # NAME: installed packages that need it
  local other
  for other in "$H"/packages/*; do
    other=${other##*/}
    [[ " ${NEEDS[$other]-} $(cat "$H/packages/$other" 2>/dev/null) " != *" $1 "* ]] || echo "$other"
  done
}
