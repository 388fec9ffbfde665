# proof: by every way in the registry lets the right password in and nobody else, and what was pushed is read back.
# Variables: NAME, PORT (as clients write them), WAYS (HOST:PORT each), REPOSITORY, CONTENT (digests, what they refer to
# first), INDEX (the last of them), PATIENCE_S (until the password must be known), PAGE and
# PAGE_PORT (the page behind its Service, and as clients write it). /proof: the content by digest, ca.crt; /login: files for curl -K. Plain sh.
# HA_REGISTRY_ROOT: before every path, where it does not run in its pod.
set -eu
ROOT=${HA_REGISTRY_ROOT-}
base=https://$NAME:$PORT/v2/
UNTIL=$(($(date +%s) + PATIENCE_S))

fail() {
  echo "failed proof: $*; look at: kubectl logs deployment/registry, then run pulumi up again" >&2
  exit 1
}
ask() { # LOGIN WAY ARGUMENT...: the status code; 000 where nobody answers
  login=$1 way=$2
  shift 2
  status=$(ask_once "$login" "$way" "$@")
  # After a change of the password: the kubelet brings htpasswd to each pod at a time of its own
  while [ "$login $status" = "/login/login 401" ] && [ "$(date +%s)" -lt "$UNTIL" ]; do
    sleep 2
    status=$(ask_once "$login" "$way" "$@")
  done
  echo "$status"
}
ask_once() { # the same, whatever the answer
  login=$1 way=$2
  shift 2
  curl -s -o "$ROOT/tmp/answer" -m 30 -w '%{http_code}' --cacert "$ROOT/proof/ca.crt" --connect-to "$NAME:$PORT:$way" -K "$ROOT$login" "$@" || true
}
expect() { # WHAT EXPECTED ACTUAL
  [ "$2" = "$3" ] || fail "$1: expected $2, got ${3:-nothing}"
}
file_of() { echo "$ROOT/proof/$(echo "$1" | tr : -)"; } # DIGEST
media_type() { sed -n 's/.*"mediaType":"\([^"]*\)","schemaVersion".*/\1/p' "$(file_of "$1")"; } # DIGEST: empty for a blob

check_way() { # WAY
  expect "$1 with password" 200 "$(ask /login/login "$1" "$base")"
  expect "$1 with wrong password" 401 "$(ask /login/wrong "$1" "$base")"
  expect "$1 without password" 401 "$(ask /login/nobody "$1" "$base")"
  expect "$1 TLS 1.1" 000 "$(ask /login/login "$1" --tls-max 1.1 "$base")"
}

put_blob() { # WAY DIGEST
  status=$(ask /login/login "$1" -X POST -D "$ROOT/tmp/headers" "$base$REPOSITORY/blobs/uploads/")
  expect "upload opened through $1" 202 "$status"
  location=$(tr -d '\r' <"$ROOT/tmp/headers" | sed -n 's/^[Ll]ocation: //p')
  case $location in
  /*) location=https://$NAME:$PORT$location ;;
  esac
  expect "blob pushed through $1" 201 "$(ask /login/login "$1" -X PUT -H 'Content-Type: application/octet-stream' \
    --data-binary "@$(file_of "$2")" "$location&digest=$2")"
}

put() { # WAY DIGEST
  type=$(media_type "$2")
  if [ -n "$type" ]; then
    expect "manifest pushed through $1" 201 "$(ask /login/login "$1" -X PUT -H "Content-Type: $type" \
      --data-binary "@$(file_of "$2")" "$base$REPOSITORY/manifests/$2")"
  else
    put_blob "$1" "$2"
  fi
}

check_page() { # only who has the password sees it, and through it the registry; nobody pushes through it
  PORT=$PAGE_PORT
  expect "page without password" 401 "$(ask /login/nobody "$PAGE" "https://$NAME:$PORT/")"
  expect "page with password" 200 "$(ask /login/login "$PAGE" "https://$NAME:$PORT/")"
  expect "registry through the page" 200 "$(ask /login/login "$PAGE" "https://$NAME:$PORT/v2/_catalog")"
  expect "push through the page" 403 "$(ask /login/login "$PAGE" -X POST "https://$NAME:$PORT/v2/$REPOSITORY/blobs/uploads/")"
}

for way in $WAYS; do check_way "$way"; done
for digest in $CONTENT; do put "${WAYS%% *}" "$digest"; done
for way in $WAYS; do
  expect "read through $way" 200 "$(ask /login/login "$way" -H "Accept: $(media_type "$INDEX")" "$base$REPOSITORY/manifests/$INDEX")"
  cmp -s "$ROOT/tmp/answer" "$(file_of "$INDEX")" || fail "what was read through $way is not what was pushed"
done
[ -z "$PAGE" ] || check_page
echo "ok proof: $INDEX pushed, and read through $WAYS"
