# shellcheck shell=bash
# Packages: installed where they are missing, taken away again with what they brought.
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
