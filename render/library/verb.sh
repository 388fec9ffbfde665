# shellcheck shell=bash
# Conditions, and what a verb does with all that a concern declares.
want_true() { # KEY SECONDS COMMAND...: apply waits for it, verify asks once
  local key=$1 limit=$2
  shift 2
  case $VERB in
  verify) compare "$key" yes "$(yes_if "$@")" ;;
  apply) wait_for "$limit" "$@" >/dev/null 2>&1 || die 75 "$key is not true after $limit s; safe to run again" ;;
  esac
}
wait_for() { # SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}
reaches() { # SECONDS NAME PORT: a connection is made
  # shellcheck disable=SC2016 # its own arguments
  timeout "$1" bash -c 'exec 3<>"/dev/tcp/$1/$2"' - "$2" "$3" 2>/dev/null
}

undo_unwanted() { # newest first: whatever the ledger holds and this run did not want; what cannot go yet stays in it
  local line what
  local -a lines
  [[ -e $LEDGER ]] || return 0
  mapfile -t lines < <(tac "$LEDGER")
  for line in "${lines[@]}"; do
    [[ ! ${WANTED[$line]-} ]] || continue
    STAYS=no
    "undo_${line%% *}" "${line#* }"
    [[ $STAYS == no || $VERB == remove ]] || continue
    grep -Fxv -- "$line" "$LEDGER" >"$LEDGER.new" || true
    mv -f "$LEDGER.new" "$LEDGER"
  done
  [[ -s $LEDGER ]] || rm -f "$LEDGER"
  systemctl daemon-reload
  for what in "${RESTORE[@]-}"; do
    systemctl cat "${what#* }" >/dev/null 2>&1 || continue # its package is gone
    # shellcheck disable=SC2086 # two words: verb and unit
    systemctl -q $what || say "kept ${what#* }: could not $what; see journalctl -u ${what#* }"
  done
}

refused() {
  ((${#REFUSED[@]})) || return 0
  printf '%s\n' "${REFUSED[@]}" >&2
  exit 65
}

main() {
  VERB=${1:-none}
  LEDGER=$STATE/ledger/$CONCERN
  trap 'say "failed $HOST $CONCERN: line $LINENO: $BASH_COMMAND ended with $?; safe to run again" >&2' ERR
  case $VERB in
  apply | remove) lock ;;
  esac
  case $VERB in
  apply)
    concern
    refused
    [[ -e $LEDGER ]] || return 0 # it only looked
    undo_unwanted
    settle_units
    ;;
  verify)
    concern
    refused
    ((DRIFTED == 0)) || exit 3
    ;;
  remove)
    undo_unwanted
    forget
    ;;
  *)
    declare -F "do_$VERB" >/dev/null || die 64 "no verb $VERB; it has apply, verify, remove"
    "do_$VERB" "${@:2}"
    ;;
  esac
}

forget() { # our own bookkeeping goes with the last concern; images under the same folder stay
  [[ -d $STATE && ! -e $STATE/ledger ]] || rmdir "$STATE/ledger" 2>/dev/null || return 0
  rm -rf "$STATE"/{units,packages,packages.log,found,found-mode,slots,parked,anchors}
  rm -f "$STATE"/live{,.nft} "$STATE/tables-before-docker"
  rmdir "$STATE" 2>/dev/null || true
}

lock() { # a script orphaned by a killed run may still be busy
  local file=$ROOT/run/lock/ha-registry
  mkdir -p "${file%/*}"
  exec 9>"$file"
  flock -w "$LOCK_S" 9 || die 75 "another script is still busy on $HOST after $LOCK_S s; see: fuser -v $file"
}
