# shellcheck shell=bash
# shellcheck disable=SC2153 # NAME and DELETES are facts of the concerns that ask
# What scripts ask over the network, most of all the registry's API: by NAME at a chosen address, with a CA and a login from files, never from arguments.
ask() { # CA LOGIN ADDRESS PORT ARGUMENT...: the status code; 000 where nobody answers
  curl -so /dev/null -m 20 -w '%{http_code}' --cacert "$1" --resolve "$NAME:$4:$3" -K "$2" "${@:5}" || true
}
readonly REPOSITORY=ha-registry/proof # where proofs write
push_blob() { # CA LOGIN ADDRESS PORT FILE: the status code of its last request
  local base=https://$NAME:$4 location status
  # a silent registry is a status to tell, 000, not an end of the script: hence `|| true`
  location=$(curl -si -m 20 -X POST --cacert "$1" --resolve "$NAME:$4:$3" -K "$2" "$base/v2/$REPOSITORY/blobs/uploads/" | tr -d '\r' |
    awk 'NR == 1 {status = $2} tolower($1) == "location:" {print $2; found = 1} END {if (!found) print status + 0}' || true)
  case $location in
  http*) ;;
  /*) location=$base$location ;;
  *) # no upload was opened
    status=000$location
    echo "${status: -3}"
    return
    ;;
  esac
  ask "${@:1:4}" -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$5" "$location&digest=$(digest_of "$5")"
}
readonly SHARE_S=15 # for what one registry wrote to be seen by another
ask_for_nonce() { # CA LOGIN ADDRESS PORT READER-ADDRESS READER-PORT: status of a blob's push to the one, and of its read from the other
  local nonce at pushed found=none end=$((SECONDS + SHARE_S))
  nonce=$(mktemp)
  head -c 1024 /dev/urandom >"$nonce"
  at=v2/$REPOSITORY/blobs/$(digest_of "$nonce")
  pushed=$(push_blob "${@:1:4}" "$nonce")
  rm -f "$nonce"
  while [[ $pushed == 201 && $found != 200 ]]; do
    found=$(ask "$1" "$2" "$5" "$6" "https://$NAME:$6/$at")
    [[ $found != 307 ]] || found=200 # storage.s3.redirect: the registry looked before it answered
    ((SECONDS < end)) || break
    [[ $found == 200 ]] || sleep 0.2
  done
  [[ $pushed != 201 || $DELETES == no ]] || ask "${@:1:4}" -X DELETE "https://$NAME:$4/$at" >/dev/null
  echo "$pushed $found"
}
digest_of() { # FILE, as the registry names it
  local sum
  sum=$(sha256sum <"$1")
  echo "sha256:${sum%% *}"
}
