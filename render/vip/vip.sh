# shellcheck shell=bash
# vip: this host may hold VIP while every track file says 0; of all members one does.
# Writers of track files: the unit that serves here (unit.down), its prober (probe.down), do_drain (moved.down).
readonly CONFIG=/etc/keepalived/keepalived.conf
readonly DROP_IN=/etc/systemd/system/keepalived.service.d/ha-registry.conf
readonly MOVE_S=10 # 3 adverts of the slowest allowed interval (1 s), and time for gratuitous ARP

concern() {
  want_package keepalived
  want_file 0644 "$CONFIG" keepalived.conf accepts
  want_file 0644 "$DROP_IN" keepalived.service.conf
  want_unit keepalived.service reload "$CONFIG" # SIGHUP keeps the VIP and open connections
  want_true vip.served "$MOVE_S" is_served
  want_true vip.not-orphaned "$MOVE_S" is_not_orphaned
}

accepts() { # CANDIDATE
  local status=0 reason
  reason=$(keepalived --config-test --use-file "$1" 2>&1) || status=$?
  # Debian 12's 2.2.7 ends a passed test with SIGTERM (143) unless script_user is root; mended in 2.2.8
  [[ $status == 143 && $(keepalived --version 2>&1) == *v2.2.7* ]] && status=0
  ((status == 0)) || say "${reason:0:400}"
  return "$status"
}

holds() { [[ $(ip -o address show dev "$INTERFACE") == *" ${VIP%/*}/"* ]]; }
is_elsewhere() { ! holds && ping -c 1 -W 1 "${VIP%/*}" >/dev/null 2>&1; }
is_served() { holds || is_elsewhere; }
is_not_orphaned() { systemctl is-active -q keepalived.service || ! holds; }

# Planned move: FAULT through a track file of its own. `ops failover` is drain here, then undrain.
do_drain() {
  holds || return 0
  find_taker
  echo 1 >"$ROOT$RUN/moved.down"
  wait_for "$MOVE_S" is_elsewhere || {
    do_undrain
    die 75 "no peer took $VIP within $MOVE_S s, it is back here; look at: journalctl -u keepalived on ${PEERS[*]}"
  }
  say "changed vip $VIP: moved away"
}

do_undrain() { echo 0 >"$ROOT$RUN/moved.down"; }

find_taker() {
  local peer
  for peer in "${PEERS[@]}"; do
    if serves "$peer"; then return; fi
  done
  die 69 "no peer of $VIP is ready (${PEERS[*]-none}); it stays here"
}
serves() { curl -fsSo /dev/null -m 1 --cacert "$CA" --resolve "$NAME:$PORT:$1" "https://$NAME:$PORT/"; } # ADDRESS

# What an operator asks, as this host sees it; changes nothing
do_status() {
  say "status vip.held $(yes_if holds)"
  say "status vip.ready $(yes_if may_hold)"
  say "status vip.drained $(yes_if is_drained)"
  say "status vip.answers $(yes_if serves "${VIP%/*}")"
  say "status vip.keepalived $(keepalived --version 2>&1 | sed -n '1s/.* v\([0-9.]*\).*/\1/p')"
}
may_hold() { systemctl is-active -q keepalived.service && is_ready && ! is_drained; }
