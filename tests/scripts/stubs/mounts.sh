# shellcheck shell=bash
# File systems of the pretended host: $H/exports/SOURCE is what a server has, $H/mounts which of them is mounted where.
mount_it() { # SOURCE TARGET FSTYPE: what the folder held is hidden meanwhile
  local store at
  store=$H/exports/$(name_of "$1") at=$ROOT$2
  [[ -d $store && -d $at ]] || { echo "mount.$3: Connection timed out" >&2 && return 32; }
  mkdir -p "$H/hidden"
  mv "$at" "$H/hidden/$(name_of "$2")"
  mv "$store" "$at"
  echo "$2 $1 $3" >>"$H/mounts"
}
unmount_it() { # TARGET
  local source
  source=$(awk -v at="$1" '$1 == at {print $2}' "$H/mounts" 2>/dev/null || true)
  [[ $source ]] || { echo "umount: $1: not mounted." >&2 && return 32; }
  [[ ! -e $H/mount-is-busy ]] || { echo "umount: $1: target is busy." >&2 && return 32; }
  mv "$ROOT$1" "$H/exports/$(name_of "$source")"
  mv "$H/hidden/$(name_of "$1")" "$ROOT$1"
  awk -v at="$1" '$1 != at' "$H/mounts" >"$H/mounts.new"
  if [[ -s $H/mounts.new ]]; then mv "$H/mounts.new" "$H/mounts"; else rm "$H/mounts" "$H/mounts.new"; fi
  rmdir "$H/hidden" 2>/dev/null || true
}
mount_unit() { # UNIT TEXT
  local where what kind
  where=$(sed -n 's/^Where=//p' <<<"$2") what=$(sed -n 's/^What=//p' <<<"$2") kind=$(sed -n 's/^Type=//p' <<<"$2")
  case $1 in
  *.mount) mount_it "$what" "$where" "${kind/%nfs/nfs4}" ;;
  *) mount_it ceph-fuse "$(awk '/^ExecStart=/ {print $NF}' <<<"$2")" fuse.ceph-fuse ;;
  esac
}
unmount_unit() { # UNIT TEXT
  local where
  where=$(sed -n 's/^Where=//p' <<<"$2")
  [[ $1 == *.mount ]] || where=$(awk '/^ExecStart=/ {print $NF}' <<<"$2")
  unmount_it "$where"
}
