# shellcheck shell=bash
# proof: a fresh nonce image goes in through the VIP and comes out of every way in; what must be refused is refused.
# Everything it needs lies in a folder that is gone when it ends; the nonce is deleted again where deleting is allowed.
readonly REPOSITORY=ha-registry/proof
readonly MANIFEST=application/vnd.oci.image.manifest.v1+json

concern() {
  [[ $VERB == apply ]] || return 0
  WORK=$(mktemp -d)
  trap 'rm -rf "$WORK"' EXIT
  content ca.crt >"$WORK/ca.crt"
  { printf 'user = "%s:' "$USER_NAME"; content password | tr -d '\n' | sed 's/[\\"]/\\&/g'; echo '"'; } >"$WORK/login"
  printf 'user = "%s:wrong"\n' "$USER_NAME" >"$WORK/wrong"
  local node port
  for port in "${PORTS[@]}"; do check_port "$port"; done
  check_versions "${PORTS[0]}"
  if [[ $WRITES == no ]]; then
    say "skipped proof.push $HOST is not in access.push"
    return
  fi
  prove_way_in "$VIP"
  for node in "${NODES[@]}"; do prove_way_in "$node"; done
  prove_client
}

ask() { # ADDRESS PORT LOGIN ARGUMENT...: status code
  local address=$1 port=$2 login=$3
  shift 3
  curl -so /dev/null -m 20 -w '%{http_code}' --cacert "$WORK/ca.crt" --resolve "$NAME:$port:$address" -K "$WORK/$login" "$@" || true
}
expect() { # KEY EXPECTED ACTUAL
  [[ $2 == "$3" ]] || die 75 "$1: expected $2, got ${3:-nothing}; look at: journalctl -u 'ha-registry@*' on the registries, then run pulumi up again"
}

check_port() { # PORT: only TLS, only with the right password, by the right name
  local base=https://$NAME:$1/v2/
  : >"$WORK/nobody"
  expect "$VIP:$1 with password" 200 "$(ask "$VIP" "$1" login "$base")"
  expect "$VIP:$1 with wrong password" 401 "$(ask "$VIP" "$1" wrong "$base")"
  expect "$VIP:$1 without password" 401 "$(ask "$VIP" "$1" nobody "$base")"
  expect "$VIP:$1 plain HTTP" 400 "$(ask "$VIP" "$1" login "http://$NAME:$1/v2/")"
}
check_versions() { # PORT: older TLS is refused
  expect "$VIP:$1 TLS 1.1" 000 "$(ask "$VIP" "$1" login --tls-max 1.1 "https://$NAME:$1/v2/")"
}

prove_way_in() { # ADDRESS: what is acknowledged there can be read there, byte for byte
  local address=$1 port=${PORTS[0]} base digest tag
  base=https://$NAME:$port/v2/$REPOSITORY
  make_nonce
  tag=$(cut -c1-12 <<<"$LAYER_DIGEST")
  push_blob "$address" "$base" "$WORK/layer" "$LAYER_DIGEST"
  push_blob "$address" "$base" "$WORK/config" "$CONFIG_DIGEST"
  expect "push through $address" 201 "$(ask "$address" "$port" login -X PUT -H "Content-Type: $MANIFEST" --data-binary "@$WORK/manifest" "$base/manifests/$tag")"
  curl -so "$WORK/back" -m 20 --cacert "$WORK/ca.crt" --resolve "$NAME:$port:$address" -K "$WORK/login" -H "Accept: $MANIFEST" "$base/manifests/$tag" ||
    die 75 "pull through $address failed; safe to run again"
  digest=$(sha256sum <"$WORK/manifest")
  expect "digest read through $address" "${digest%% *}" "$(sha256sum <"$WORK/back" | cut -d' ' -f1)"
  [[ $DELETES == no ]] || expect "delete through $address" 202 "$(ask "$address" "$port" login -X DELETE "$base/manifests/sha256:${digest%% *}")"
}
make_nonce() {
  head -c 1024 /dev/urandom >"$WORK/layer"
  LAYER_DIGEST=$(sha256sum "$WORK/layer" | cut -d' ' -f1)
  printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$LAYER_DIGEST" >"$WORK/config"
  CONFIG_DIGEST=$(sha256sum "$WORK/config" | cut -d' ' -f1)
  printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%s","size":1024}]}' \
    "$MANIFEST" "$CONFIG_DIGEST" "$(stat -c %s "$WORK/config")" "$LAYER_DIGEST" >"$WORK/manifest"
}
push_blob() { # ADDRESS BASE FILE DIGEST
  local location port=${PORTS[0]}
  location=$(curl -si -m 20 -X POST --cacert "$WORK/ca.crt" --resolve "$NAME:$port:$1" -K "$WORK/login" "$2/blobs/uploads/" | tr -d '\r' | awk 'tolower($1) == "location:" {print $2}' || true)
  [[ $location ]] || die 75 "push through $1: no upload was opened; look at: journalctl -u 'ha-registry@*' on $1, then run pulumi up again"
  [[ $location == https://* ]] || location=https://$NAME:$port$location
  expect "blob pushed through $1" 201 "$(ask "$1" "$port" login -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$3" "$location&digest=sha256:$4")"
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
  [[ $DELETES == no ]] || expect "delete of the client's image" 202 "$(ask "$VIP" "${PORTS[0]}" login -X DELETE "https://$NAME:${PORTS[0]}/v2/$REPOSITORY/manifests/${digest#*@}")"
}
