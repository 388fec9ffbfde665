# shellcheck shell=bash
# trust: our CA for Docker, containerd and podman under each name the registry has here; where its name points.
concern() {
  local store endpoint
  for store in "${STORES[@]}"; do
    for endpoint in "${ENDPOINTS[@]}"; do
      want_file 0644 "$store/$endpoint/ca.crt" ca.crt
      [[ $store != */containerd/* ]] || want_file 0644 "$store/$endpoint/hosts.toml" "hosts.toml $endpoint"
    done
  done
  [[ $SYSTEM_STORE == no ]] || want_anchor ca.crt
  [[ ! $HOSTS_ENTRY ]] || want_line /etc/hosts "$HOSTS_ENTRY"
}

if [[ -d ${ROOT-}/etc/pki/ca-trust/source/anchors ]]; then
  readonly ANCHOR=/etc/pki/ca-trust/source/anchors/ha-registry.crt
  refresh_anchors() { update-ca-trust; }
else
  readonly ANCHOR=/usr/local/share/ca-certificates/ha-registry.crt
  refresh_anchors() { update-ca-certificates >/dev/null 2>&1; }
fi

want_anchor() { # CONTENT: every TLS client of this host then trusts our CA
  local stamp=$STATE/anchors/${ANCHOR##*/}
  [[ $VERB == verify ]] || claim anchor "$ANCHOR"
  want_file 0644 "$ANCHOR" "$1"
  [[ $VERB == apply && $(cat "$stamp" 2>/dev/null) != $(digest "$ROOT$ANCHOR") ]] || return 0
  refresh_anchors
  mkdir -p "${stamp%/*}"
  digest "$ROOT$ANCHOR" >"$stamp"
}
undo_anchor() { # after its file, which is claimed later
  refresh_anchors
  rm -f "$STATE/anchors/${1##*/}"
  say "removed anchor $1"
}
