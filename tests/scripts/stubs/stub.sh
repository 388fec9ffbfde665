# shellcheck shell=bash
# What every stub shares: a log of calls, faults to order, and the refusal of what it was not taught.
# The pretended host is a folder ($STUB_HOST); one file or folder in it per kind of thing.
set -euo pipefail
ME=${0##*/}
# shellcheck disable=SC2034 # for the stubs
ROOT=${HA_REGISTRY_ROOT-}
H=${STUB_HOST:?}
WORDS="$ME $*"
printf '%s\n' "$WORDS" >>"$H/calls"

untaught() { # exit 97 may be swallowed by the script, the file is not
  printf '%s\n' "$WORDS" >>"$H/untaught"
  echo "stub $ME was not taught: $WORDS" >&2
  exit 97
}

ordered_faults() { # $H/faults: KIND PATTERN, one per line; `once` faults vanish when they struck
  local kind pattern faults
  [[ -s $H/faults ]] || return 0
  faults=$(cat "$H/faults")
  while read -r kind pattern; do
    # shellcheck disable=SC2053 # a pattern
    [[ $kind && $WORDS == $pattern ]] || continue
    case $kind in
    fail) exit 1 ;;
    once)
      faults=$(grep -Fxv -- "once $pattern" <<<"$faults" || true)
      printf '%s\n' "$faults" >"$H/faults"
      exit 1
      ;;
    block)
      touch "$H/blocked"
      exec /bin/sleep 600 # the real one: sleep may be a stub here
      ;;
    esac
  done <<<"$faults"
}
ordered_faults "$@"

name_of() { printf '%s' "${1//\//%}"; } # a file name for any text
