# shellcheck shell=bash
# Accounts, directories, files, and single lines in files of others.
want_account() { # NAME [ID]: a system user that cannot log in; with ID where other hosts know it by number
  local name=$1 wanted=${2-} actual
  actual=$(id -u "$name" 2>/dev/null || true)
  if [[ $VERB == verify ]]; then
    compare "account $name" "${wanted:-yes}" "${wanted:+$actual}$([[ $wanted ]] || yes_if id "$name")"
  elif [[ ! $actual ]]; then
    [[ ! $wanted ]] || ! id "$wanted" >/dev/null 2>&1 || die 65 "uid $wanted is taken here, and $name has it on all hosts that share images; give that user another one, then run pulumi up again"
    claim account "$name"
    useradd --system ${wanted:+--uid "$wanted"} --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$name"
    say "changed account $name"
  elif [[ $wanted && $actual != "$wanted" ]]; then
    die 65 "account $name has uid $actual here, and $wanted on all hosts that share images; run usermod -u $wanted $name while no registry runs, then pulumi up again"
  else
    ! is_claimed account "$name" || WANTED["account $name"]=yes
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
