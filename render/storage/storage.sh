# shellcheck shell=bash
# storage: the shared file system is mounted at MOUNT and is the one of this stack. A file in its root says whose images
# it holds; without it nothing is served from there (see `switch run`), so that a missing mount is no empty registry.
readonly UNITS_DIR=/etc/systemd/system
readonly STORE_S=10 # to read one line of a file system that may hang

concern() {
  if [[ $UNIT ]]; then
    if command -v apt-get >/dev/null; then want_package "$APT_PACKAGE"; else want_package "$DNF_PACKAGE"; fi
    want_quiet rpcbind.socket rpcbind.service
    want_mountpoint "$MOUNT"
    want_file 0644 "$UNITS_DIR/$UNIT" unit
    want_unit "$UNIT" restart "$UNITS_DIR/$UNIT" ${KEYRING:+"$KEYRING"}
  fi
  want_mounted
  want_store "$MOUNT"
}

reject() { # PATH VALUE RULE REMEDY: at once, because what follows would change the host
  refuse "$@"
  refused
}

want_quiet() { # UNIT...: came with our package, would listen to everybody, and NFS 4 needs none of them (nfs(5))
  local unit
  grep -Fqxs rpcbind "$STATE/packages/$APT_PACKAGE" || return 0 # the admin's own goes on
  for unit; do
    if [[ $VERB == verify ]]; then
      compare "quiet $unit" yes "$(systemctl is-active -q "$unit" && echo no || echo yes)"
    elif [[ $(state_of "$unit") == *" active" ]]; then
      systemctl disable -q --now "$unit"
      say "changed quiet $unit"
    fi
  done
}

# --- the mount

mounted_as() { findmnt -rn -o "$SHOWN" -M "$MOUNT" 2>/dev/null | tail -n 1 || true; }
is_mounted() { [[ $(findmnt -rn -o TARGET -M "$1" 2>/dev/null) ]]; }

want_mountpoint() { # PATH: ours, and nothing lies there that the mount would hide
  if [[ $VERB == verify ]]; then
    compare "mountpoint $1" yes "$(yes_if test -d "$ROOT$1")"
    return
  fi
  if ! is_claimed mountpoint "$1"; then
    ! is_mounted "$1" || reject "$SETTING.path" "$1" "$HOST has something mounted there already" "write storage: {mounted: {path: $1}}, or another path"
    [[ ! -d $ROOT$1 || ! $(ls -A "$ROOT$1") ]] || reject "$SETTING.path" "$1" "the folder on $HOST is not empty, and the mount would hide what is in it" "move that away, or write another path"
  fi
  make_parents "$1"
  claim mountpoint "$1"
  [[ $1 != "$STATE_DIR"/* ]] || chmod 0711 "$STATE" # the way to it
}
undo_mountpoint() { # its unit is gone by now
  ! is_mounted "$1" || umount "$ROOT$1" || die 75 "$1 is still in use; see: fuser -vm $1; end what uses it, it is safe to run again"
  say "removed mountpoint $1"
}

want_mounted() {
  local found look=${UNIT:+", see systemctl status '$UNIT'"}
  found=$(mounted_as)
  if [[ $VERB == verify ]]; then
    compare "mount $MOUNT" "$EXPECTED" "$found"
  elif [[ $found != "$EXPECTED" ]]; then
    reject "$SETTING" "$MOUNT" "on $HOST it is ${found:-not mounted}${found:+, not $EXPECTED}" "mount it there$look, then run pulumi up again"
  fi
}

# --- whose images they are

store_of() { as_account cat "$ROOT$1/$SENTINEL" 2>/dev/null || true; } # PATH
as_account() { # COMMAND...: as the registry itself; root may be nobody on a server of others
  local id
  id=$(id -u "$ACCOUNT")
  timeout -s KILL "$STORE_S" setpriv --reuid "$id" --regid "$id" --clear-groups "$@"
}

want_store() { # PATH: this stack's, or empty and nobody's: then it becomes this stack's
  local found
  found=$(store_of "$1")
  if [[ $VERB == verify ]]; then
    compare "store $1" "$STORE" "$found"
    return
  fi
  [[ ! $found || $found == "$STORE" ]] || reject "$SETTING" "$1" "it holds the images of $found" "give $STORE a file system or folder of its own"
  if [[ ! $found ]]; then
    check_unused "$1"
    take "$1"
  fi
  as_account test -w "$ROOT$1" || reject "$SETTING" "$1" "$ACCOUNT of $HOST, uid $ACCOUNT_ID, may not write there" "chown $ACCOUNT_ID:$ACCOUNT_ID its root on the storage, or map all users to one (all_squash)"
  claim store "$1"
}
check_unused() { # PATH
  local first
  if grep -Eqs '^(store|data) ' "$LEDGER" "$STATE/ledger/registry"; then
    reject "$SETTING" "$1" "$HOST has served images before, and this file system is not marked as holding them" \
      "bring it back, or copy the images here, then write the mark: echo $STORE >$1/$SENTINEL"
  fi
  first=$(find "$ROOT$1/" -mindepth 1 -maxdepth 1 ! -name lost+found ! -name '.snapshot*' -printf '%f\n' | sort | awk 'NR == 1')
  if [[ $first && ($ADOPT == no || $first != docker) ]]; then
    reject "$SETTING" "$1" "it is not empty ($first) and not marked as this stack's" "give the images an empty folder, or write adopt: true where they are a registry's"
  fi
}
take() { # PATH: once per store, by the first replica; root may not be allowed to
  local made
  if [[ $(stat -c %u:%g "$ROOT$1") == 0:0 || $ADOPT == yes ]]; then
    chown -R "$ACCOUNT:$ACCOUNT" "$ROOT$1" || true
  fi
  # shellcheck disable=SC2016 # its own arguments
  made=$(as_account bash -c 'umask 022 && set -C && echo "$1" >"$2"' - "$STORE" "$ROOT$1/$SENTINEL" 2>&1) ||
    reject "$SETTING" "$1" "$ACCOUNT of $HOST, uid $ACCOUNT_ID, may not write there: ${made##*: }" "chown $ACCOUNT_ID:$ACCOUNT_ID its root on the storage, or map all users to one (all_squash)"
  say "changed store $1: marked as $STORE's"
}
undo_store() { say "kept $1"; } # images and mark: other replicas may serve them, and a stack may come back
