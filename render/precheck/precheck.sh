# shellcheck shell=bash
# precheck: refuses what would go wrong later, in the words of the settings; changes nothing.
readonly KEEPALIVED=/etc/keepalived/keepalived.conf
readonly HAPROXY=/etc/haproxy/haproxy.cfg
readonly TCP_S=5 # to reach the source of the image, and storage

concern() {
  [[ $VERB == apply ]] || return 0
  check_family
  check_clock
  check_name
  if [[ $HOLDS == yes ]]; then
    check_interface
    check_vip
  fi
  if [[ $SERVES == yes ]]; then
    check_disk
    check_store
    check_image
  fi
  [[ $HOLDS == no ]] || check_keepalived
  [[ $FRONTS == no ]] || check_haproxy
  [[ $GROUP == clients ]] || check_ports
}

is_ours() { [[ -e $STATE/ledger/$1 ]]; } # CONCERN: applied here before

check_family() {
  local id like
  id="$(os_release ID) $(os_release VERSION_ID)" like="$(os_release ID) $(os_release ID_LIKE)"
  case " $like " in
  *" debian "* | *" ubuntu "*) ;;
  *" rhel "* | *" rocky "* | *" fedora "*)
    [[ $SERVES == no ]] || command -v dockerd >/dev/null ||
      refuse "$GROUP.$HOST" "$id" "this family has no Docker of its own" "install docker-ce on it, then run pulumi up again"
    ;;
  *) refuse "$GROUP.$HOST" "$id" "hosts are Debian, Ubuntu, Rocky or RHEL" "choose another host" ;;
  esac
  [[ -d $ROOT/run/systemd/system ]] || refuse "$GROUP.$HOST" "$id" "systemd must run there" "choose another host"
}

os_release() { sed -n "s/^$1=//p" "$ROOT/etc/os-release" | tr -d '"'; } # KEY

check_clock() { # certificates of tomorrow are not valid here yet
  (($(date +%Y) >= 2025)) || refuse "$GROUP.$HOST" "$(date -u +%FT%TZ)" "the clock is years behind" "set the clock of $HOST, and let chrony or systemd-timesyncd keep it"
}

check_name() {
  local found
  [[ $NAME_BY_DNS == yes ]] || return 0
  found=$(getent ahostsv4 "$NAME" | awk 'NR == 1 {print $1}' || true)
  [[ $found == "${VIP%/*}" ]] ||
    refuse name "$NAME" "on $HOST it means ${found:-nothing}, not the VIP ${VIP%/*}" "add the DNS record, or write hostsEntries: true"
}

check_interface() {
  local there actual=
  there=$(ip -o -4 address show dev "$INTERFACE" 2>/dev/null | awk '{print $4}' || true)
  if [[ ! $there ]]; then
    refuse vip.interface "$INTERFACE" "$HOST has no such interface with an IPv4 address" "write one of: $(ip -o -4 address show | awk '$2 != "lo" {print $2}' | sort -u | tr '\n' ' ')"
    return
  fi
  actual=$(grep -F "$ADDRESS/" <<<"$there" || true)
  if [[ ! $actual ]]; then
    refuse "$GROUP.$HOST.address" "$ADDRESS" "$INTERFACE of $HOST has ${there//$'\n'/, }" "write the interface that carries $ADDRESS"
  elif [[ ${VIP#*/} != 32 && ${VIP#*/} != "${actual#*/}" ]]; then
    refuse vip.address "$VIP" "$INTERFACE of $HOST is $actual" "write ${VIP%/*}/${actual#*/}, or no prefix (then /32)"
  fi
}

check_vip() { # silent, or held by a host of this stack
  local mac peer
  is_ours vip && return
  ping -c 1 -W 1 "${VIP%/*}" >/dev/null 2>&1 || return 0
  mac=$(mac_of "${VIP%/*}")
  for peer in "${PEERS[@]}"; do
    ping -c 1 -W 1 "$peer" >/dev/null 2>&1 || continue
    [[ ! $mac || $mac != $(mac_of "$peer") ]] || return 0
  done
  [[ ! $mac && $ADOPT == yes ]] && return # held here, by the keepalived that is taken over
  refuse vip.address "${VIP%/*}" "it answers already${mac:+, from $mac}, and not from a host of this stack" "choose a free address, or adopt: true where a hand-made pair holds it"
}
mac_of() { ip neighbour show "$1" | awk '{for (i = 1; i < NF; i++) if ($i == "lladdr") print $(i + 1)}'; }

check_disk() {
  local path=$ROOT$DATA free
  [[ $DATA ]] || return 0
  until [[ -d $path/ ]]; do path=${path%/*}; done
  free=$(df -B1 --output=avail "$path/" | tail -n 1 | tr -d ' ')
  ((free >= RESERVE_BYTES)) ||
    refuse storage.local.reserve "$RESERVE" "$((free / 1048576)) Mi are free at $DATA on $HOST" "free space there, or write a smaller reserve"
}

check_store() {
  local at name port
  local -a reached=()
  for at in "${STORE_AT[@]}"; do
    read -r name port <<<"$at"
    ! reaches "$TCP_S" "$name" "$port" || reached+=("$at")
  done
  ((${#reached[@]} || ${#STORE_AT[@]} == 0)) ||
    refuse "storage.$STORE" "${STORE_AT[*]}" "$HOST does not reach it" "open the way from $HOST to that port, or write another address"
}

check_image() {
  local name port
  if command -v docker >/dev/null && docker image inspect "$IMAGE" >/dev/null 2>&1; then return; fi
  if [[ $ARCHIVE ]]; then
    [[ -r $ROOT$ARCHIVE ]] || refuse registry.source.archive "$ARCHIVE" "$HOST has no such file" "copy the archive made by docker save to $HOST"
    return
  fi
  read -r name port <<<"$FETCH_FROM"
  reaches "$TCP_S" "$name" "$port" ||
    refuse registry.image "$IMAGE" "$HOST does not reach $name port $port" "open the way, or name a mirror, registry.source.proxy or registry.source.archive"
}

check_keepalived() {
  local vrid
  [[ -s $ROOT$KEEPALIVED ]] || return 0
  vrid=$(awk '$1 == "virtual_router_id" {print $2; exit}' "$ROOT$KEEPALIVED")
  if is_ours vip; then
    [[ $vrid == "$VRID" ]] || refuse vip.vrid "$VRID" "$HOST serves with $vrid: two groups would hold the VIP at once" "keep $vrid, or pulumi destroy and up in a maintenance window"
  elif [[ $ADOPT == no ]]; then
    refuse adopt false "$HOST has a keepalived of its own: $KEEPALIVED, VRID ${vrid:-none}" "write adopt: true to take it over, or remove it"
  elif [[ $vrid && $vrid != "$VRID" ]]; then
    refuse vip.vrid "$VRID" "the keepalived found on $HOST has $vrid, and so has its peer" "write vrid: $vrid"
  fi
}

check_haproxy() { # new enough; a hand-made one is named with what it serves
  local version serves
  version=$(haproxy_version)
  if [[ $version ]] && ! is_version "$OLDEST_HAPROXY" "$version"; then
    refuse "$GROUP.$HOST" "haproxy $version" "a front needs $OLDEST_HAPROXY or newer" "give it Debian 12, Ubuntu 22.04, Rocky 9 or newer, or install haproxy $OLDEST_HAPROXY there"
  fi
  ! is_ours front && [[ -s $ROOT$HAPROXY ]] || return 0
  serves=$(awk '$1 == "frontend" || $1 == "listen" {print $2}' "$ROOT$HAPROXY" | tr '\n' ' ')
  [[ ! $serves || $ADOPT == yes ]] ||
    refuse adopt false "$HOST has a haproxy of its own: $HAPROXY, with ${serves% }" "write adopt: true to take it over, or remove it"
}
haproxy_version() { # of the one that runs or would be installed; empty where the package lists say nothing
  if command -v haproxy >/dev/null; then
    haproxy -v | sed -n '1s/.*version \([0-9.]*\).*/\1/p'
  elif command -v apt-cache >/dev/null; then
    apt-cache policy haproxy | sed -n 's/^ *Candidate: \([0-9.]*\).*/\1/p'
  elif [[ $(os_release VERSION_ID) == 8* ]]; then
    echo 1.8 # of EL 8
  fi
}
is_version() { [[ $(printf '%s\n' "$1" "$2" | sort -V | sed -n 1p) == "$1" ]]; } # LEAST VERSION

check_ports() { # free, or ours; a hand-made registry is named with its container and data
  local port found owner
  if is_ours registry || is_ours front; then return; fi
  for port in "${PORTS[@]}" "${OWN_PORTS[@]}"; do
    [[ $(ss -Hltn "sport = :$port") ]] || continue
    owner=$(owner_of_port "$port")
    [[ $FRONTS == no || $owner != haproxy ]] || continue # taken over, or refused as a whole
    found=$(container_of_port "$port")
    if [[ $found && $ADOPT == yes ]]; then
      check_found_data "$found"
    elif [[ $found ]]; then
      refuse adopt false "container $found serves port $port on $HOST, with ${owner:-docker}; its images: $(data_of "$found")" "write adopt: true to take it over, or remove it"
    else
      refuse ports "$port" "${owner:-another program} listens there on $HOST" "stop it, or write another port"
    fi
  done
}
owner_of_port() { ss -Hltnp "sport = :$1" | sed -n '1s/.*users:(("\([^"]*\)".*/\1/p'; }
container_of_port() {
  command -v docker >/dev/null || return 0
  docker ps --filter "publish=$1" --format '{{.Names}}' | awk '!/^ha-registry-/ && !seen++' 
}
data_of() { # CONTAINER: where its images lie on this host
  docker inspect -f '{{range .Mounts}}{{if eq .Destination "/var/lib/registry"}}{{.Source}}{{end}}{{end}}' "$1"
}
check_found_data() { # CONTAINER
  local data
  data=$(data_of "$1")
  [[ $data == "$DATA" ]] || refuse storage.local.path "$DATA" "container $1 on $HOST keeps its images in ${data:-itself}" "write path: ${data:-the folder to which you copied them}"
}
