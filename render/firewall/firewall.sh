# shellcheck shell=bash
# firewall: a table of ours that drops; where firewalld runs, what we serve is opened in it.
readonly UNIT=/etc/systemd/system/ha-registry-firewall.service

concern() {
  local what
  want_file 0644 "$FIREWALL" firewall.nft accepts
  want_file 0644 "$UNIT" ha-registry-firewall.service
  want_unit ha-registry-firewall.service reload "$FIREWALL" "$UNIT"
  want_true firewall.loaded 5 is_loaded
  systemctl is-active -q firewalld.service || return 0
  for what in "${OPENED[@]}"; do want_opened "$what"; done
}

accepts() { nft -c -f "$1"; } # CANDIDATE
is_loaded() { nft list table inet ha-registry-firewall >/dev/null; }

want_opened() { # WHAT, as firewall-cmd writes it
  if [[ $VERB == verify ]]; then
    compare "opened $1" yes "$(yes_if firewall-cmd -q --query-"${1%%=*}"="${1#*=}")"
  elif ! firewall-cmd -q --query-"${1%%=*}"="${1#*=}"; then
    claim opened "$1"
    firewall-cmd -q --permanent --add-"$1"
    firewall-cmd -q --add-"$1"
    say "changed opened $1"
  else
    ! is_claimed opened "$1" || WANTED["opened $1"]=yes
  fi
}
undo_opened() {
  firewall-cmd -q --permanent --remove-"$1"
  firewall-cmd -q --remove-"$1" || true # not loaded any more is as good
  say "removed opened $1"
}
