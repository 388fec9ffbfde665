# shellcheck shell=bash
# What a concern may say. `base` installs this file; every other script sources it.
# A concern defines concern(), which only declares; the verb decides what a declaration does:
#   apply  make it so, print what changed     verify  compare, print ok/drift     remove  undo the ledger, newest first
# The ledger ($STATE/ledger/CONCERN) lists what is ours, written before it is made, so an interrupted run is never forgotten.
# A kind of thing is a pair want_KIND and undo_KIND; a concern may bring kinds of its own.
# Exit: 0 done, 3 drift, 64 unknown verb, 65 refused and nothing changed, 69 something needed is absent, 75 not reached in time.
ROOT=${HA_REGISTRY_ROOT-} # tests only
STATE=$ROOT$STATE_DIR
declare -A WANTED=()
declare -a RESTORE=() REFUSED=()
DRIFTED=0
STAYS=no
LOCK_S=1000 # longer than one drain of an earlier run that lost its connection
LINE=400    # longest line printed: what reads it is a terminal

say() {
  local line="$*"
  printf '%s\n' "${line:0:LINE}"
}
die() { # CODE WORDS
  say "failed $HOST $CONCERN: $2" >&2
  trap - ERR
  exit "$1"
}
compare() { # KEY EXPECTED ACTUAL
  if [[ $2 == "$3" ]]; then say "ok $1"; else
    say "drift $1 expected=$2 actual=$3"
    DRIFTED=1
  fi
}
yes_if() { if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi; }
digest() { { cat -- "$@" 2>/dev/null || true; } | sha256sum | cut -c1-12; }
owner_of() { stat -c '%U:%G' "$1" 2>/dev/null || true; }

refuse() { # PATH VALUE RULE REMEDY: worded like a fault of settings
  REFUSED+=("refused $1: $2: $3; $4")
}

is_claimed() { grep -Fqxs -- "$1 $2" "$LEDGER"; } # KIND KEY

claim() { # KIND KEY: write into the ledger what is about to be made
  WANTED["$1 $2"]=yes
  is_claimed "$1" "$2" && return
  mkdir -p "${LEDGER%/*}"
  printf '%s %s\n' "$1" "$2" >>"$LEDGER"
}

keep() { # PATH: what stood there before us, kept until remove puts it back
  local found=$STATE/found$1
  [[ -e $ROOT$1 && ! -e $found ]] || return 0
  mkdir -p "${found%/*}"
  cp -a -- "$ROOT$1" "$found"
}

# --- packages

want_package() { # NAME...
  local name
  for name; do
    if [[ $VERB == verify ]]; then
      compare "package $name" yes "$(yes_if has_package "$name")"
    elif has_package "$name"; then
      ! is_claimed package "$name" || WANTED["package $name"]=yes
    else
      mkdir -p "$STATE/packages"
      with_package "$name" >"$STATE/packages/$name"
      claim package "$name"
      add_package "$name" || die 75 "package $name could not be installed: $(tail -n 2 "$STATE/packages.log" | tr '\n' ' '); mend the package source, then run pulumi up again"
      say "changed package $name"
    fi
  done
}

undo_package() { # NAME: with what it brought, unless something else needs it by now
  local -a brought
  local extra
  mapfile -t brought < <(cat "$STATE/packages/$1" 2>/dev/null || echo "$1")
  extra=$(without_packages "${brought[@]}" | grep -Fxv -f <(printf '%s\n' "${brought[@]}") || true)
  if [[ $extra ]]; then
    say "kept package $1: needed by ${extra//$'\n'/ }"
  else
    drop_packages "${brought[@]}"
    say "removed package $1"
  fi
  rm -f "$STATE/packages/$1"
}

if command -v apt-get >/dev/null; then
  apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@" >"$STATE/packages.log" 2>&1; }
  has_package() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }
  refresh_packages() {
    [[ -e $STATE/packages/.fresh ]] || { apt_get update && touch "$STATE/packages/.fresh"; } || true # an old list may do; install tells
  }
  with_package() {
    refresh_packages
    { apt-get -s -qq install --no-install-recommends "$1" 2>/dev/null || true; } | awk '$1 == "Inst" {print $2}'
  }
  add_package() { apt_get install --no-install-recommends "$1"; }
  without_packages() { { apt-get -s -qq purge "$@" 2>/dev/null || true; } | awk '$1 == "Purg" || $1 == "Remv" {print $2}'; }
  drop_packages() { apt_get purge "$@" || die 75 "packages $* could not be removed: $(tail -n 2 "$STATE/packages.log" | tr '\n' ' '); safe to run again"; }
else
  dnf_quiet() { dnf -q -y "$@" >"$STATE/packages.log" 2>&1; }
  has_package() { rpm -q --quiet "$1"; }
  with_package() { echo "$1"; }
  add_package() { dnf_quiet install "$1"; }
  without_packages() { printf '%s\n' "$@"; }
  drop_packages() { dnf_quiet remove "$@" || die 75 "packages $* could not be removed: $(tail -n 2 "$STATE/packages.log" | tr '\n' ' '); safe to run again"; }
fi

# --- accounts, directories, files

want_account() { # NAME: a system user that cannot log in
  if [[ $VERB == verify ]]; then
    compare "account $1" yes "$(yes_if id "$1")"
  elif id "$1" >/dev/null 2>&1; then
    ! is_claimed account "$1" || WANTED["account $1"]=yes
  else
    claim account "$1"
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$1"
    say "changed account $1"
  fi
}
undo_account() {
  ! id "$1" >/dev/null 2>&1 || userdel "$1"
  say "removed account $1"
}

want_directory() { # MODE OWNER:GROUP PATH
  local mode=$1 owner=$2 path=$3 live=$ROOT$3 actual
  actual="$(stat -c %04a "$live" 2>/dev/null || true) $(owner_of "$live")"
  if [[ $VERB == verify ]]; then
    compare "directory $path" "$mode $owner" "$actual"
  elif [[ -d $live ]] && ! is_claimed directory "$path" && [[ ! -e $STATE/found-mode$path ]]; then
    claim directory-mode "$path"
    mkdir -p "$STATE/found-mode$path"
    printf '%s\n' "$actual" >"$STATE/found-mode$path/.was"
  elif [[ -e $STATE/found-mode$path ]]; then
    claim directory-mode "$path"
  else
    make_parents "${path%/*}"
    claim directory "$path"
    mkdir -p "$live"
  fi
  [[ $VERB == apply && $actual != "$mode $owner" ]] || return 0
  chown "$owner" "$live"
  chmod "$mode" "$live"
  say "changed directory $path"
}
undo_directory() {
  if rmdir "$ROOT$1" 2>/dev/null; then say "removed directory $1"; elif [[ -e $ROOT$1 ]]; then say "kept $1"; fi
}
undo_directory-mode() {
  local mode owner
  if [[ -d $ROOT$1 ]] && read -r mode owner <"$STATE/found-mode$1/.was"; then
    chown "$owner" "$ROOT$1" 2>/dev/null || true # that account may be gone by now
    chmod "$mode" "$ROOT$1"
  fi
  rm -f "$STATE/found-mode$1/.was"
  say "removed directory-mode $1"
}

want_file() { # MODE[:OWNER] PATH CONTENT [CHECK...]: CHECK is run with the candidate's path before it goes live
  local mode=${1%%:*} owner=root:root path=$2 name=$3 live=$ROOT$2 candidate now
  [[ $1 != *:* ]] || owner=${1#*:}:${1#*:}
  shift 3
  now="$(stat -c %04a "$live" 2>/dev/null || true) $(owner_of "$live")"
  if [[ $VERB == verify ]]; then
    verify_file "$mode $owner" "$now" "$path" "$name"
    return
  fi
  is_claimed file "$path" || keep "$path"
  make_parents "${path%/*}"
  claim file "$path"
  if [[ $now == "$mode $owner" ]] && content "$name" | cmp -s - "$live"; then return; fi
  candidate=$live.ha-registry-new
  rm -f "$candidate"
  content "$name" >"$candidate"
  chmod "$mode" "$candidate"
  chown "$owner" "$candidate"
  if (($#)) && ! "$@" "$candidate"; then
    rm -f "$candidate"
    die 65 "$path: refused by its check ($1); the file in use is untouched; mend the setting that made it, then run pulumi up again"
  fi
  mv -f "$candidate" "$live"
  label "$live"
  say "changed file $path"
}
verify_file() { # EXPECTED ACTUAL PATH CONTENT: of a secret file neither content nor digest is shown
  local expected=$1 actual=$2 same
  same=$(content "$4" | cmp -s - "$ROOT$3" && echo same || echo differs)
  if [[ $expected == 06[04]0* ]]; then compare "file $3" "$expected same" "$actual $same"; else
    compare "file $3" "$expected $(content "$4" | digest)" "$actual $(digest "$ROOT$3")"
  fi
}
make_parents() { # PATH of a directory: what is missing is made, and ours
  if [[ -d $ROOT$1/ ]]; then
    remember_parent "$1"
    return
  fi
  make_parents "${1%/*}"
  claim parent "$1"
  mkdir -m 0755 "$ROOT$1"
}
remember_parent() { # PATH: still wanted, and so are those above it
  local path=$1
  while is_claimed parent "$path"; do
    WANTED["parent $path"]=yes
    path=${path%/*}
  done
}
undo_parent() { rmdir "$ROOT$1" 2>/dev/null || true; }
label() { [[ ! -x /usr/sbin/restorecon ]] || /usr/sbin/restorecon "$1"; } # SELinux families
undo_file() {
  rm -f "$ROOT$1.ha-registry-new"
  if [[ -e $STATE/found$1 ]]; then cp -a --remove-destination -- "$STATE/found$1" "$ROOT$1" && rm -f "$STATE/found$1"; else rm -f "$ROOT$1"; fi
  say "removed file $1"
}

want_line() { # PATH LINE: one line in a file that is not ours, written in place because it may be a mount
  local live=$ROOT$1
  if [[ $VERB == verify ]]; then
    compare "line $1 $2" yes "$(yes_if grep -Fqx -- "$2" "$live")"
    return
  fi
  if grep -Fqxs -- "$2" "$live"; then
    ! is_claimed line "$1 $2" || WANTED["line $1 $2"]=yes
    return
  fi
  claim line "$1 $2"
  [[ ! -s $live || ! $(tail -c 1 "$live") ]] || echo >>"$live"
  printf '%s\n' "$2" >>"$live"
  say "changed line $1: $2"
}
undo_line() {
  local path=${1%% *} line=${1#* } rest
  rest=$(mktemp)
  grep -Fxv -- "$line" "$ROOT$path" >"$rest" || true
  cat "$rest" >"$ROOT$path"
  rm -f "$rest"
  say "removed line $path: $line"
}

# --- units

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
  for file in "$STATE"/units/*.service; do
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

# --- conditions

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

# --- verbs

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
  rm -f "$STATE"/live{,.nft}
  rmdir "$STATE" 2>/dev/null || true
}

lock() { # a script orphaned by a killed run may still be busy
  local file=$ROOT/run/lock/ha-registry
  mkdir -p "${file%/*}"
  exec 9>"$file"
  flock -w "$LOCK_S" 9 || die 75 "another script is still busy on $HOST after $LOCK_S s; see: fuser -v $file"
}
