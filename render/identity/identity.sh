# shellcheck shell=bash
# identity: this host's certificate, key, users and http secret. Only root and the containers' account read the secret ones.
concern() {
  want_directory 0711 root:root "$IDENTITY"
  want_directory 0700 "$ACCOUNT:$ACCOUNT" "$IDENTITY/auth"
  want_file 0644 "$IDENTITY/ca.crt" ca.crt
  want_file 0644 "$IDENTITY/tls.crt" tls.crt
  want_file "0600:$ACCOUNT" "$IDENTITY/tls.key" tls.key
  want_file "0600:$ACCOUNT" "$IDENTITY/auth/htpasswd" htpasswd
  want_file 0600 "$IDENTITY/registry.env" registry.env
  [[ $PULL == no ]] || want_file 0600 "$IDENTITY/pull/config.json" config.json
}
