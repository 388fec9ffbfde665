# shellcheck shell=bash
# proof: a fresh nonce image goes in through the VIP and comes out of every way in; what must be refused is refused.
# Everything it needs lies in a folder that is gone when it ends; the nonce is deleted again where deleting is allowed.
readonly MANIFEST=application/vnd.oci.image.manifest.v1+json
readonly CLOSED_S=2 # what drops does not answer
# shellcheck source=/dev/null
. "${HA_REGISTRY_ROOT-}$LIB/client.sh"

concern() {
  [[ $VERB == apply ]] || return 0
  WORK=$(mktemp -d)
  trap 'rm -rf "$WORK"' EXIT
  content ca.crt >"$WORK/ca.crt"
  { printf 'user = "%s:' "$USER_NAME"; content password | tr -d '\n' | sed 's/[\\"]/\\&/g'; echo '"'; } >"$WORK/login"
  printf 'user = "%s:wrong"\n' "$USER_NAME" >"$WORK/wrong"
  : >"$WORK/nobody"
  local port
  for port in "${PORTS[@]}"; do check_port "$port"; done
  check_versions "${PORTS[0]}"
  [[ ! $HEALTH_PORT ]] || check_fronts
  if [[ $WRITES == no ]]; then
    say "skipped proof.push $HOST is not in access.push"
    return
  fi
  if [[ $SHARED == yes ]]; then prove_one_store; else prove_each_store; fi
  prove_client
}

ask_as() { # LOGIN ADDRESS PORT ARGUMENT...: status code
  ask "$WORK/ca.crt" "$WORK/$1" "${@:2}"
}
expect() { # KEY EXPECTED ACTUAL
  [[ $2 == "$3" ]] || die 75 "$1: expected $2, got ${3:-nothing}; look at: journalctl -u 'ha-registry@*' on the registries, then run pulumi up again"
}

check_port() { # PORT: only TLS, only with the right password, by the right name
  local base=https://$NAME:$1/v2/ plain
  expect "$VIP:$1 with password" 200 "$(ask_as login "$VIP" "$1" "$base")"
  expect "$VIP:$1 with wrong password" 401 "$(ask_as wrong "$VIP" "$1" "$base")"
  expect "$VIP:$1 without password" 401 "$(ask_as nobody "$VIP" "$1" "$base")"
  plain=$(ask_as login "$VIP" "$1" "http://$NAME:$1/v2/")
  [[ $plain == 000 ]] || expect "$VIP:$1 plain HTTP" 400 "$plain" # a front hangs up, a registry says why
}
check_versions() { # PORT: older TLS is refused
  expect "$VIP:$1 TLS 1.1" 000 "$(ask_as login "$VIP" "$1" --tls-max 1.1 "https://$NAME:$1/v2/")"
}

check_fronts() { # every front says that replicas serve; what is not for this host is closed to it
  local address path at
  for address in "$VIP" "${FRONTS[@]}"; do
    for path in /health /_ping; do
      expect "$address:$HEALTH_PORT$path" 200 "$(ask_as nobody "$address" "$HEALTH_PORT" "https://$NAME:$HEALTH_PORT$path")"
    done
  done
  for at in "${CLOSED[@]}"; do
    expect "$at from $HOST" closed "$(reaches "$CLOSED_S" "${at%:*}" "${at#*:}" && echo open || echo closed)"
  done
  say "skipped proof.outsider $HOST is named in the settings, so the registries let it in"
}

prove_one_store() { # what one replica acknowledged every other has, whichever way in
  local address
  put_image "$VIP"
  for address in "$VIP" "${FRONTS[@]}" "${NODES[@]}"; do read_image "$address"; done
  drop_image "$VIP"
}
prove_each_store() { # what is acknowledged there can be read there, byte for byte
  local address
  for address in "$VIP" "${NODES[@]}"; do
    put_image "$address"
    read_image "$address"
    drop_image "$address"
  done
}
put_image() { # ADDRESS
  make_nonce
  put_blob "$1" "$WORK/layer"
  put_blob "$1" "$WORK/config"
  expect "push through $1" 201 \
    "$(ask_as login "$1" "${PORTS[0]}" -X PUT -H "Content-Type: $MANIFEST" --data-binary "@$WORK/manifest" "$(manifest_url "${LAYER_DIGEST:7:12}")")"
}
put_blob() { # ADDRESS FILE
  expect "blob pushed through $1" 201 "$(push_blob "$WORK/ca.crt" "$WORK/login" "$1" "${PORTS[0]}" "$2")"
}
read_image() { # ADDRESS
  local port=${PORTS[0]} found
  : >"$WORK/back"
  curl -so "$WORK/back" -m 20 --cacert "$WORK/ca.crt" --resolve "$NAME:$port:$1" -K "$WORK/login" -H "Accept: $MANIFEST" \
    "$(manifest_url "${LAYER_DIGEST:7:12}")" || die 75 "pull through $1 failed; safe to run again"
  expect "digest read through $1" "$(digest_of "$WORK/manifest")" "$(digest_of "$WORK/back")"
  found=$(ask_as login "$1" "$port" "https://$NAME:$port/v2/$REPOSITORY/blobs/$LAYER_DIGEST")
  [[ $found == 307 ]] || expect "layer read through $1" 200 "$found" # 307: storage.s3.redirect
}
drop_image() { # ADDRESS
  [[ $DELETES == no ]] ||
    expect "delete through $1" 202 "$(ask_as login "$1" "${PORTS[0]}" -X DELETE "$(manifest_url "$(digest_of "$WORK/manifest")")")"
}
manifest_url() { echo "https://$NAME:${PORTS[0]}/v2/$REPOSITORY/manifests/$1"; } # TAG OR DIGEST
make_nonce() {
  head -c 1024 /dev/urandom >"$WORK/layer"
  LAYER_DIGEST=$(digest_of "$WORK/layer")
  printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["%s"]}}' "$LAYER_DIGEST" >"$WORK/config"
  printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"%s","size":1024}]}' \
    "$MANIFEST" "$(digest_of "$WORK/config")" "$(stat -c %s "$WORK/config")" "$LAYER_DIGEST" >"$WORK/manifest"
}

prove_client() { # with the client that is here, as it is set up here: name, CA and password
  local image=${ENDPOINTS[0]}/$REPOSITORY:client status=0 words
  if command -v docker >/dev/null && docker version >/dev/null 2>&1; then
    words=$(prove_docker "$image" 2>&1) || status=$?
  else
    say "skipped proof.client no Docker on $HOST"
    return
  fi
  ((status == 0)) || die 75 "docker push of $image failed: $(tail -n 2 <<<"$words" | tr '\n' ' '); look at: docker info and /etc/docker/certs.d on $HOST, then run pulumi up again"
}
prove_docker() { # IMAGE
  local digest
  export DOCKER_CONFIG=$WORK/docker
  content password | docker login --username "$USER_NAME" --password-stdin "${1%%/*}" || return
  tar -C "$WORK" -c layer | docker import - "$1" || return
  docker push -q "$1" || return
  digest=$(docker image inspect -f '{{index .RepoDigests 0}}' "$1") || return
  docker image rm -f "$1" || return
  docker pull -q "$digest" || return
  docker image rm -f "$digest" || return
  [[ $DELETES == no ]] || expect "delete of the client's image" 202 "$(ask_as login "$VIP" "${PORTS[0]}" -X DELETE "$(manifest_url "${digest#*@}")")"
}
