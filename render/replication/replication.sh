# shellcheck shell=bash
# replication: what this host's registry was given reaches the other one's disk while this host holds the VIP.
readonly UNITS_DIR=/etc/systemd/system
readonly REPLICATOR=$UNITS_DIR/ha-registry-replicator.service
readonly LATE_S=60 # longer than a copy of most images; what is older than that is a fault

concern() {
  local file
  want_package skopeo jq
  want_spool "$SPOOL"
  want_file 0644 "$SETTINGS" replication.env
  for file in replicator receiver history; do want_file 0755 "$LIB/$file" "$file"; done
  want_file 0644 "$LIB/plan.awk" plan.awk
  for file in ha-registry-{events,history}{.socket,@.service} ha-registry-replicator.service; do want_file 0644 "$UNITS_DIR/$file" "$file"; done
  for file in ha-registry-{events,history}; do want_unit "$file.socket" restart "$UNITS_DIR/$file.socket" "$UNITS_DIR/$file@.service"; done
  want_unit ha-registry-replicator.service restart "$SETTINGS" "$LIB"/{replicator,client.sh,plan.awk} "$REPLICATOR"
}

want_spool() { # PATH: what was told of pushes, and what is known of copies; it goes with the concern
  local path wanted="0750 $ACCOUNT:$ACCOUNT"
  for path in "$1" "$1/queue"; do
    if [[ $VERB == verify ]]; then
      compare "spool $path" "$wanted" "$(stat -c %04a "$ROOT$path" 2>/dev/null || true) $(owner_of "$ROOT$path")"
      continue
    fi
    [[ $path != "$1" ]] || { make_parents "${1%/*}" && claim spool "$1"; }
    [[ "$(stat -c %04a "$ROOT$path" 2>/dev/null || true) $(owner_of "$ROOT$path")" != "$wanted" ]] || continue
    mkdir -p "$ROOT$path"
    chown "$ACCOUNT:$ACCOUNT" "$ROOT$path"
    chmod 0750 "$ROOT$path"
    say "changed spool $path"
  done
}
undo_spool() {
  rm -rf "$ROOT${1:?}"
  say "removed spool $1"
}

# What an operator asks, as this host sees it; changes nothing
do_status() {
  local role='' compared=0 behind=0 pending=0 conflicts=0 fault='' now lag=0 key value current
  while read -r key value; do
    case $key in role | compared | behind | pending | conflicts | fault) printf -v "$key" %s "$value" ;; esac
  done < <(cat "$ROOT$SPOOL/status" 2>/dev/null || true)
  now=$(date +%s)
  ((behind == 0)) || lag=$((now - behind))
  current=$(yes_if systemctl is-active -q ha-registry-replicator.service)
  ((lag <= LATE_S)) || current=no
  say "status replication.current $current"
  say "status replication.role ${role:-unknown}"
  say "status replication.lag_seconds $lag"
  say "status replication.pending $pending"
  say "status replication.conflicts $conflicts"
  ((compared == 0)) || say "status replication.compared_seconds_ago $((now - compared))"
  [[ ! $fault ]] || say "status replication.fault $fault"
}
