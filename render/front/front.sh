# shellcheck shell=bash
# front: haproxy serves from CONFIG, before the registries; whether it may hold the VIP say its unit and its prober.
readonly CONFIG=/etc/haproxy/haproxy.cfg
readonly DROP_IN=/etc/systemd/system/haproxy.service.d/ha-registry.conf
readonly PROBER_UNIT=/etc/systemd/system/ha-registry-prober.service
readonly TAKES_S=10 # a reload, and the first checks of the registries

concern() {
  want_haproxy
  want_any_port
  want_file 0644 "$CONFIG" haproxy.cfg accepts
  want_file 0644 "$DROP_IN" haproxy.service.conf
  want_file 0755 "$LIB/prober" prober
  want_file 0644 "$PROBER_UNIT" ha-registry-prober.service
  want_unit haproxy.service reload "$CONFIG" "$PEM" "$CA" "$STATS_LOGIN"
  want_unit ha-registry-prober.service restart "$LIB/prober" "$PROBER_UNIT"
  want_true front.current "$TAKES_S" is_current
  want_true front.ready "$TAKES_S" is_ready
  want_true front.has-registry "$TAKES_S" has_registry
}

want_haproxy() {
  if [[ $VERB == apply ]] && { is_claimed haproxy ours || ! has_package haproxy; }; then claim haproxy ours; fi
  want_package haproxy socat
}
undo_haproxy() { # after its package, whose purge leaves what haproxy and its unit made at the first start
  ! has_package haproxy || return 0
  rm -rf "$ROOT"/run/{haproxy,haproxy.pid,haproxy-master.sock} "$ROOT/var/lib/haproxy"
  say "removed haproxy"
}

accepts() { # CANDIDATE
  local reason
  reason=$(haproxy -c -q -f "$1" 2>&1) && return
  say "${reason:0:LINE}"
  return 1
}

# A reload that failed leaves the old process serving without a word: haproxy itself says from what it serves
is_current() { [[ $(socat - "UNIX-CONNECT:$ROOT$SOCKET" <<<'show info') == *"description: ha-registry $STAMP"* ]]; }
has_registry() { # by a real request: until its first checks are done, haproxy takes every replica for good
  [[ $(curl -so /dev/null -m 5 -w '%{http_code}' --cacert "$CA" --resolve "$NAME:$PORT:$ADDRESS" "https://$NAME:$PORT/v2/") == 401 ]]
}

want_any_port() { # SELinux lets haproxy listen on and connect to well-known ports only
  command -v getsebool >/dev/null && [[ $(getsebool haproxy_connect_any 2>/dev/null) ]] || return 0
  if [[ $VERB == verify ]]; then
    compare "boolean haproxy_connect_any" on "$(boolean_state)"
  elif [[ $(boolean_state) == off ]]; then
    claim boolean haproxy_connect_any
    setsebool -P haproxy_connect_any on
    say "changed boolean haproxy_connect_any: on"
  else
    ! is_claimed boolean haproxy_connect_any || WANTED["boolean haproxy_connect_any"]=yes
  fi
}
boolean_state() { getsebool haproxy_connect_any | awk '{print $NF}'; }
undo_boolean() {
  setsebool -P "$1" off
  say "removed boolean $1"
}

# What an operator asks, as this host sees it; changes nothing
do_status() {
  say "status front.ready $(yes_if is_ready)"
  say "status front.current $(yes_if is_current)"
  say "status front.haproxy $(haproxy -v | sed -n '1s/.*version \([0-9.]*\).*/\1/p')"
}
