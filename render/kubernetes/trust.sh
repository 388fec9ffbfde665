# trust: keeps our CA where the container runtimes of this node look for it; `remove` takes it away again.
# Variables: STORES (mounted at /host/NAME), ENDPOINTS (as image names write the registry), POD_UID. The files come from
# /trust, where the kubelet brings their changes; so a new CA needs no new pod. Plain sh: the image may be any with a shell.
# HA_REGISTRY_ROOT: before every path, where it does not run in its pod.
set -u
ROOT=${HA_REGISTRY_ROOT-}

MARK=.ha-registry # holds the pod that keeps the folder: of two pods, at a change, the newer one

keep() { # FILE TARGET: in one step, and only when it differs
  cmp -s "$1" "$2" || { cp "$1" "$2.new" && mv "$2.new" "$2" && echo "changed file $2"; }
}

claim() { # FOLDER
  if [ -d "$1" ] && [ ! -e "$1/$MARK" ]; then
    echo "refused trust: ${1#"$ROOT"}: is there already and not ours; move it away on this node, or write trust.by: none" >&2
    return 1
  fi
  mkdir -p "$1" && echo "$POD_UID" >"$1/$MARK"
}

fill() { # FOLDER STORE NUMBER: files of the endpoint with that number
  keep "$ROOT/trust/ca.crt" "$1/ca.crt"
  [ "$2" != containerd ] || keep "$ROOT/trust/hosts-$3.toml" "$1/hosts.toml"
}

each() { # COMMAND: with FOLDER STORE NUMBER, for every endpoint in every store
  status=0
  for store in $STORES; do
    number=0
    for endpoint in $ENDPOINTS; do
      "$1" "$ROOT/host/$store/$endpoint" "$store" "$number" || status=1
      number=$((number + 1))
    done
  done
  return "$status"
}

leave() { # FOLDER: unless a newer pod keeps it
  [ "$(cat "$1/$MARK" 2>/dev/null)" = "$POD_UID" ] || return 0
  rm -f "$1/ca.crt" "$1/hosts.toml" "$1/$MARK" && rmdir "$1"
}

case $1 in
apply)
  trap 'exit 0' TERM
  until each claim; do sleep 10; done
  # Until TERM, also while preStop removes the files: with this process the container ends, and preStop in it
  while :; do
    [ -e "$ROOT/tmp/leaving" ] || { each fill && touch "$ROOT/tmp/ready"; }
    sleep 5 &
    wait $!
  done
  ;;
remove)
  touch "$ROOT/tmp/leaving"
  sleep 1 # a round that has begun ends
  each leave
  ;;
*)
  echo "usage: $0 apply | remove" >&2
  exit 64
  ;;
esac
