# shellcheck shell=bash
# identity: this host's certificate and key, users, and what else is secret. Only root and the containers' account read the secret ones.
concern() {
  local line mode path
  want_directory 0711 root:root "$IDENTITY"
  [[ ! $AUTH ]] || want_directory 0700 "$ACCOUNT:$ACCOUNT" "$AUTH"
  for line in "${FILES[@]}"; do
    read -r mode path <<<"$line"
    want_file "$mode" "$path" "${path#"$IDENTITY/"}"
  done
}
