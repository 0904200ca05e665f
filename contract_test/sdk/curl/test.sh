#!/bin/sh
# The cURL samples of the documentation, as printed but for the address, keys, nonce and ids.
set -eu

dir=$(mktemp -d "${TMPDIR:-/tmp}/hallpass-curl.XXXXXX")
trap 'rm -rf "$dir"' EXIT

# The samples say neither -s nor -w; these settings say it for them.
cat >"$dir/.curlrc" <<END
silent
show-error
output = "$dir/body"
write-out = "%{http_code}"
END
export CURL_HOME="$dir"

# is checks the status of an answer: is 201 "$(curl …)".
is() {
	[ "$2" = "$1" ] || { echo "want $1, got $2: $(cat "$dir/body")" >&2; exit 1; }
}

# has checks that the last body has a text.
has() {
	grep -q -- "$1" "$dir/body" || { echo "no $1 in: $(cat "$dir/body")" >&2; exit 1; }
}

# member prints a string member of the last body.
member() { sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' "$dir/body"; }

create() {
	curl "$HALLPASS_URL/sessions" \
		-H "BT-API-KEY: $1" \
		-X "POST"
}

authorize() {
	curl "$HALLPASS_URL/sessions/authorize" \
		-H "BT-API-KEY: $1" \
		-H "Content-Type: application/json" \
		-X "POST" \
		-d "$2"
}

permissions() {
	echo '{
    "nonce": "'"$1"'",
    "permissions": [ "token:create", "token:read" ]
  }'
}

read_token() {
	curl "$HALLPASS_URL/tokens/$2" \
		-H "BT-API-KEY: $1"
}

token() {
	is 201 "$(curl "$HALLPASS_URL/tokens" -H "BT-API-KEY: $HALLPASS_PRIVATE_KEY" -H "Content-Type: application/json" -X "POST" -d "$1")"
	member id
}

# Permissions.
is 201 "$(create "$HALLPASS_PUBLIC_KEY")"
key=$(member session_key) nonce=$(member nonce)
has '"expires_at":"20[0-9-]*T[0-9:.]*+00:00"'
is 200 "$(authorize "$HALLPASS_PRIVATE_KEY" "$(permissions "$nonce")")"
[ ! -s "$dir/body" ] || { echo "an authorization answers with a body" >&2; exit 1; }
id=$(token '{"type":"token","data":"Ada Lovelace","mask":"{{ data | reveal_last: 4 }}"}')
is 200 "$(read_token "$key" "$id")"
has '"data":"XXXXXXXXlace"'

# Rules.
other=$(token '{"type":"token","data":"another"}')
is 201 "$(create "$HALLPASS_PUBLIC_KEY")"
key=$(member session_key) fresh=$(member nonce)
is 403 "$(read_token "$key" "$id")"
is 200 "$(authorize "$HALLPASS_PRIVATE_KEY" '{
    "nonce": "'"$fresh"'",
    "rules": [
      {
        "description": "one token",
        "priority": 1,
        "conditions": [ { "attribute": "id", "operator": "equals", "value": "'"$id"'" } ],
        "permissions": [ "token:read" ],
        "transform": "reveal"
      }
    ]
  }')"
is 200 "$(read_token "$key" "$id")"
has '"data":"Ada Lovelace"'
is 403 "$(read_token "$key" "$other")"

# Errors.
is 401 "$(create key_N88mVGsp3sCXkykyN2EFED)"
is 403 "$(create "$HALLPASS_PRIVATE_KEY")"
is 403 "$(authorize "$HALLPASS_PUBLIC_KEY" "$(permissions "$nonce")")"
is 404 "$(authorize "$HALLPASS_PRIVATE_KEY" "$(permissions 4J7SiRvfADwJ9ZqwviJJs8)")"
is 409 "$(authorize "$HALLPASS_PRIVATE_KEY" "$(permissions "$nonce")")"
is 400 "$(authorize "$HALLPASS_PRIVATE_KEY" '{"nonce": "'"$nonce"'"}')"
has '"errors":{'

# The token of a transaction: the example of the documentation as raw HTTP, its request line put right. It
# names no content type, and neither does this.
is 200 "$(curl "$HALLPASS_URL/api/transaction/$HALLPASS_TRANSACTION_ID/token" \
	-X "POST" \
	-H "Host: onespan.com" \
	-H "Accept: application/json, text/javascript" \
	-H "Authorization: Bearer $HALLPASS_ACCESS_TOKEN" \
	-H "User-Agent:" \
	-H "Content-Type:" \
	-d '{
  "role": "unknown"
}')"
has '"role":"unknown"'
has '"token":"eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9\.'
