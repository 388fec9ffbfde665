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
