# shellcheck shell=bash
# base: the library, the account and the packages that the other concerns need.
concern() {
  want_file 0755 "$LIB/host.sh" host.sh
  want_file 0644 "$LIB/client.sh" client.sh
  want_file 0644 /etc/tmpfiles.d/ha-registry.conf tmpfiles.conf
  want_run
  want_package curl ca-certificates
  want_account "$ACCOUNT" ${ACCOUNT_ID:+"$ACCOUNT_ID"}
  [[ $WALLED == no ]] || want_package nftables
  [[ $SERVES == yes ]] || return 0
  want_docker
  [[ $SKOPEO == no ]] || want_package skopeo
  [[ ! $IMAGE_HOST ]] || want_file 0644 "/etc/docker/certs.d/$IMAGE_HOST/ca.crt" image-ca.crt
}

want_run() { # track files live there; it is made anew at every boot
  if [[ $VERB == verify ]]; then
    compare "run $RUN" yes "$(yes_if test -d "$ROOT$RUN")"
    return
  fi
  claim run "$RUN"
  systemd-tmpfiles --create /etc/tmpfiles.d/ha-registry.conf
}
undo_run() { rm -rf "$ROOT${1:?}"; }

want_docker() { # whichever Docker is here serves; where there is none, the distribution's
  if [[ $VERB == apply ]] && ! command -v dockerd >/dev/null; then
    mkdir -p "$STATE"
    nft list tables >"$STATE/tables-before-docker"
  fi
  if is_claimed package docker.io || ! command -v dockerd >/dev/null; then want_package docker.io; fi
  want_true docker.answers 60 docker version
  if [[ $VERB == apply ]] && is_claimed package docker.io; then claim docker ours; fi
}
undo_docker() { # our packages leave images and layers behind; containers of others keep both
  local -a others
  mapfile -t others < <(docker ps -aq 2>/dev/null || true)
  if ((${#others[@]})); then
    say "kept docker: ${#others[@]} containers of others"
    return
  fi
  # Whatever of the following is gone already is as good
  systemctl stop -q docker.socket docker.service containerd.service 2>/dev/null || true
  drop_docker_rules nat
  drop_docker_rules filter
  ip link delete docker0 2>/dev/null || true
  umount "$ROOT"/run/docker/netns/* 2>/dev/null || true
  rm -rf "$ROOT"/run/{docker,docker.sock,docker.pid,containerd} "$STATE/tables-before-docker"
  rmdir "$ROOT"/etc/cni/net.d "$ROOT/etc/cni" 2>/dev/null || true
  rm -rf "$ROOT"/var/lib/docker/* "$ROOT/var/lib/containerd" "$ROOT/etc/docker/key.json"
  rmdir "$ROOT/var/lib/docker" 2>/dev/null || true # a mount stays
  say "removed docker"
}

drop_docker_rules() { # TABLE: what Docker leaves in it; the whole table where Docker made it and nobody else used it since
  local rule chain of_docker='DOCKER|docker0'
  local -a words
  while IFS= read -r rule; do
    read -ra words <<<"$rule"
    iptables -t "$1" -D "${words[@]:1}" || say "kept rule $rule"
  done < <(iptables-save -t "$1" 2>/dev/null | grep -E "^-A ($of_docker|.*($of_docker))" || true)
  for chain in $(iptables-save -t "$1" 2>/dev/null | sed -n 's/^:\(DOCKER[^ ]*\) .*/\1/p'); do
    iptables -t "$1" -F "$chain"
    iptables -t "$1" -X "$chain" || say "kept chain $1 $chain"
  done
  ! grep -Fqxs "table ip $1" "$STATE/tables-before-docker" || return 0
  [[ $(iptables-save -t "$1" 2>/dev/null) == *$'\n-A'* ]] || nft delete table ip "$1" 2>/dev/null || true
}
