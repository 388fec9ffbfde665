# shellcheck shell=bash
# Units: enabled, active, and running with the present content of their files.
want_unit() { # UNIT reload|restart|/PROGRAM FILE...: enabled, active, and running with the present content of FILEs
  local unit=$1
  if [[ $VERB == verify ]]; then
    compare "unit $unit" "enabled active fresh" "$(state_of "$unit") $(is_fresh "$unit" && echo fresh || echo stale)"
    return
  fi
  mkdir -p "$STATE/units"
  [[ -e $STATE/units/$unit.found ]] || state_of "$unit" >"$STATE/units/$unit.found"
  claim unit "$unit"
  printf '%s\n' "${@:2}" >"$STATE/units/$unit"
  settle_unit "$unit"
}
state_of() { echo "$(systemctl is-enabled "$1" 2>/dev/null || true) $(systemctl is-active "$1" 2>/dev/null || true)"; }
is_fresh() { [[ $(cat "$STATE/units/$1.started" 2>/dev/null) == "$(unit_digest "$1")" ]]; }
unit_digest() {
  local -a files
  mapfile -t files < <(sed 1d "$STATE/units/$1" 2>/dev/null)
  digest "${files[@]/#/$ROOT}"
}
settle_unit() { # UNIT: stamped only after a good start, so what a dead run left undone is done by the next
  local unit=$1 how
  [[ $(systemctl show -P NeedDaemonReload "$unit") != yes ]] || systemctl daemon-reload
  is_fresh "$unit" && [[ $(state_of "$unit") == "enabled active" ]] && return
  how=$(sed -n 1p "$STATE/units/$unit")
  [[ $how == /* ]] || systemctl is-active -q "$unit" || how=restart
  systemctl enable -q "$unit"
  case $how in
  /*) "$ROOT$how" ;;
  *) systemctl "$how" "$unit" ;;
  esac || die 75 "$unit did not ${how##*/}; see journalctl -u $unit on $HOST; mend the cause, then run pulumi up again"
  unit_digest "$unit" >"$STATE/units/$unit.started"
  say "changed unit $unit: ${how##*/}"
}
settle_units() { # a new certificate switches the registry, whichever script wrote it
  local file
  for file in "$STATE"/units/*.{mount,service}; do
    [[ ! -e $file ]] || settle_unit "${file##*/}"
  done
}
undo_unit() {
  local found
  found=$(cat "$STATE/units/$1.found" 2>/dev/null || true)
  systemctl disable -q --now "$1" 2>/dev/null || true # its package may be gone already
  [[ $found != *enabled* ]] || RESTORE+=("enable $1")
  [[ $found != *" active" ]] || RESTORE+=("start $1")
  rm -f "$STATE/units/$1" "$STATE/units/$1".{started,found}
  say "removed unit $1"
}
is_ready() { [[ $(cat "$ROOT$RUN/unit.down" "$ROOT$RUN/probe.down" 2>/dev/null | tr -d '\n') == 00 ]]; } # its unit and prober say so
is_drained() { [[ $(cat "$ROOT$RUN/moved.down" 2>/dev/null || echo 0) != 0 ]]; } # an operator says so
