# shellcheck shell=bash
# registry: one live slot of containers serves the images; a change goes live only when it is proved.
readonly UNITS_DIR=/etc/systemd/system
readonly LIVE=/etc/systemd/system/ha-registry-live.service
# shellcheck source=/dev/null
. "${HA_REGISTRY_ROOT-}$LIB/client.sh"

concern() {
  local role
  local -a configs=()
  want_image "$IMAGE"
  [[ ! $DATA ]] || want_data "$DATA"
  for role in "${ROLES[@]}"; do
    want_file 0644 "$CONFIG/$role.yml" "$role.yml"
    configs+=("$CONFIG/$role.yml")
  done
  if [[ $STORAGE_CA == yes ]]; then
    want_file 0644 "$CONFIG/storage-ca.crt" storage-ca.crt
    configs+=("$CONFIG/storage-ca.crt")
  fi
  want_file 0644 "$CONFIG/container.env" container.env
  want_file 0755 "$LIB/switch" switch
  want_file 0755 "$LIB/prober" prober
  want_file 0644 "$LIVE" ha-registry-live.service
  want_file 0644 "$UNITS_DIR/ha-registry@.service" ha-registry@.service
  want_file 0644 "$UNITS_DIR/ha-registry.service" ha-registry.service
  want_file 0644 "$UNITS_DIR/ha-registry-prober.service" ha-registry-prober.service
  want_unit ha-registry-live.service restart "$LIVE"
  want_unit ha-registry.service "$LIB/switch" "${configs[@]}" "$CONFIG/container.env" "$UNITS_DIR/ha-registry@.service" \
    "$IDENTITY"/{ca.crt,tls.crt,tls.key,registry.env} ${STORE_FILE:+"$STORE_FILE"}
  want_unit ha-registry-prober.service restart "$LIB/prober" "$UNITS_DIR/ha-registry-prober.service"
  want_true registry.ready "$READY_S" is_ready
  want_parked
  [[ ! $AGENT_PORT ]] || want_agent
  [[ ! $AGENT_PORT || $VERB != apply ]] || claim service registry
  [[ ! $PROBE ]] || want_shared_images
}

want_agent() {
  want_package socat
  want_file 0755 "$LIB/agent" agent
  want_file 0644 "$UNITS_DIR/ha-registry-agent.service" ha-registry-agent.service
  want_unit ha-registry-agent.service restart "$UNITS_DIR/ha-registry-agent.service"
}

# --- the other replicas

want_shared_images() { # a blob given to another replica is read here: both have the same store, and no old view of it
  local peer pushed found answers=''
  if [[ $VERB == verify ]]; then
    say "skipped registry.shares-storage it writes a blob; apply does"
    return
  fi
  for peer in "${PEERS[@]}"; do
    read -r pushed found <<<"$(ask_for_nonce "$ROOT$CA" "$ROOT$PROBE" "${peer#*=}" "${PUBLISHED[0]}" 127.0.0.1 "${PUBLISHED[0]}")"
    [[ $pushed != 201 ]] || break
    answers+=" ${peer%%=*} answered $pushed,"
  done
  if [[ ${pushed-} != 201 ]]; then
    say "skipped registry.shares-storage no other replica takes a push yet:${answers%,}"
  elif [[ $found != 200 ]]; then
    die 75 "registry.shares-storage: what ${peer%%=*} (${peer#*=}) acknowledged is not here (answer $found): $HOST and ${peer%%=*} keep images in different places; compare the setting storage and findmnt on both, then run pulumi up again"
  fi
}

# --- planned absence: the fronts send nothing new here, and what is open goes on

do_drain() {
  local peer
  [[ $AGENT_PORT ]] || die 64 "no verb drain; in a pair the concern vip has it"
  for peer in "${PEERS[@]}"; do
    ! takes_over "${peer#*=}" || break
    peer=
  done
  [[ ${peer-} ]] || die 69 "no other registry is ready (${PEERS[*]-none}); $HOST stays in service"
  move 1
  say "changed registry drained: ${peer%%=*} is ready; connections that are open may finish here"
}
do_undrain() {
  [[ $AGENT_PORT ]] || die 64 "no verb undrain; in a pair the concern vip has it"
  move 0
  say "changed registry undrained"
}
move() { # VALUE, for the agent, which is not root
  echo "$1" >"$ROOT$RUN/moved.down"
  chmod 0644 "$ROOT$RUN/moved.down"
}
undo_service() { # the first thing when a registry goes: its fronts send nothing new, and what they began may end
  move 1
  wait_for "$DRAIN_S" is_unused || say "kept no connection: some were open for more than $DRAIN_S s"
  rm -f "$ROOT$RUN/moved.down"
}
is_unused() { # no other host has a connection to a container
  local port
  for port in "${CONTAINERS[@]}"; do
    [[ ! $(ss -Htn state established state syn-recv "sport = :$port and not dst 127.0.0.0/8") ]] || return
  done
}
takes_over() { # ADDRESS: it serves, and is not drained itself
  [[ $(ask "$ROOT$CA" /dev/null "$1" "${PUBLISHED[0]}" "https://$NAME:${PUBLISHED[0]}/") == 200 ]] || return
  # shellcheck disable=SC2016 # its own arguments
  [[ $(timeout 2 bash -c 'exec 3<>"/dev/tcp/$1/$2" && read -r line <&3 && echo "$line"' - "$1" "$AGENT_PORT" 2>/dev/null) == "ready 100% up" ]]
}

# --- what an operator asks, as this host sees it; changes nothing

do_status() {
  say "status registry.ready $(yes_if is_ready)"
  say "status registry.drained $(yes_if is_drained)"
  say "status registry.image $IMAGE"
  say "status disk.free_bytes $(df -B1 --output=avail "$ROOT${DATA:-$STATE_DIR}/" | tail -n 1 | tr -d ' ')"
}

# --- the image

want_image() { # REFERENCE
  if [[ $VERB == verify ]]; then
    compare "image $1" yes "$(yes_if has_image "$1")"
  elif has_image "$1"; then
    ! is_claimed image "$1" || WANTED["image $1"]=yes
  else
    claim image "$1"
    get_image "$1"
    has_image "$1" || die 75 "image $1 is not in $ARCHIVE; put an archive made by docker save there, then run pulumi up again"
    say "changed image $1"
  fi
}
has_image() { docker image inspect "$1" >/dev/null 2>&1; }
get_image() { # REFERENCE
  local reason
  if [[ $ARCHIVE ]]; then
    reason=$(docker load -q -i "$ARCHIVE" 2>&1)
  elif [[ $PROXY ]]; then
    reason=$(get_image_by_proxy "$1" 2>&1)
  else
    reason=$(DOCKER_CONFIG=${PULL:-/nonexistent} docker pull -q "$1" 2>&1)
  fi || die 75 "image $1 could not be fetched: ${reason//$'\n'/ }; mend registry.image or registry.source, then run pulumi up again"
}
get_image_by_proxy() { # REFERENCE: the Docker daemon takes a proxy only by a restart
  local folder status=0
  folder=$(mktemp -d)
  HTTPS_PROXY=$PROXY HTTP_PROXY=$PROXY skopeo copy -q ${PULL:+--authfile "$PULL/config.json"} "docker://$1" "docker-archive:$folder/image.tar:$1" &&
    docker load -q -i "$folder/image.tar" || status=$?
  rm -rf "$folder"
  return "$status"
}
undo_image() {
  if docker image rm "$1" >/dev/null 2>&1 || ! has_image "$1"; then
    say "removed image $1"
  else
    STAYS=yes # a draining container still runs on it
  fi
}

# --- the data

want_data() { # PATH: owned by ACCOUNT as a whole; images found there are kept and given back to their owner by remove
  local owner=$ACCOUNT:$ACCOUNT live=$ROOT$1
  if [[ $VERB == verify ]]; then
    compare "data $1" "$owner" "$(owner_of "$live")"
    return
  fi
  [[ ! -d $live ]] || is_claimed data "$1" || stat -c '%u:%g %04a' "$live" >"$STATE/data-owner"
  make_parents "${1%/*}"
  claim data "$1"
  mkdir -p "$live"
  [[ $(owner_of "$live") != "$owner" ]] || return 0
  chown -R "$owner" "$live"
  chmod 0750 "$live"
  say "changed data $1: owned by $ACCOUNT"
}
undo_data() {
  local owner=0:0 mode=0755
  if [[ $DELETE_DATA == yes && $1 == "$DATA" ]]; then
    rm -rf "$ROOT${1:?}"
    say "removed data $1"
  elif rmdir "$ROOT$1" 2>/dev/null; then
    say "removed data $1"
  else
    [[ ! -e $STATE/data-owner ]] || read -r owner mode <"$STATE/data-owner"
    chown -R "$owner" "$ROOT$1"
    chmod "$mode" "$ROOT$1"
    say "kept $1"
  fi
  rm -f "$STATE/data-owner"
}

# --- a hand-made registry found here

# Our redirect comes before Docker's, so a container that publishes the same ports stops after ours serves, and remove,
# which goes backwards, starts it again before ours stops. Once taken over it stays so until then.
want_parked() {
  local name
  [[ $VERB == apply ]] || return 0
  while [[ $ADOPT == yes ]] && IFS= read -r name; do
    [[ ! $name ]] || park "$name"
  done < <(foreign_containers)
  for name in "$STATE"/parked/*; do
    [[ ! -e $name ]] || claim parked "${name##*/}"
  done
}
park() { # CONTAINER
  mkdir -p "$STATE/parked"
  [[ -e $STATE/parked/$1 ]] || docker inspect -f '{{.HostConfig.RestartPolicy.Name}} {{.State.Running}}' "$1" >"$STATE/parked/$1"
  claim parked "$1"
  docker update --restart=no "$1" >/dev/null
  docker stop -t 30 "$1" >/dev/null
  [[ ! $DATA ]] || chown -R "$ACCOUNT:$ACCOUNT" "$ROOT$DATA" # what it wrote until now
  say "changed parked $1: stopped"
}
foreign_containers() { # running, not ours, publishing one of our ports or on the host's network with our data
  local port
  for port in "${PUBLISHED[@]}"; do docker ps --filter "publish=$port" --format '{{.Names}}'; done | sort -u | grep -v '^ha-registry-' || true
}
undo_parked() {
  local policy running
  read -r policy running <"$STATE/parked/$1"
  if docker update --restart="$policy" "$1" >/dev/null && { [[ $running != true ]] || docker start "$1" >/dev/null; }; then
    say "removed parked $1: running as before"
  else
    say "kept $1: it does not start; see docker logs $1"
  fi
  rm -f "$STATE/parked/$1"
}
