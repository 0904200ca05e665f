# Sourced by scripts that test client libraries, from the root of the repository, after they define run.
#
# each LANGUAGE... calls run once for each, against a development server of its own with a fresh database, prints a line
# for each, and the output of those that failed. Its exit code is 1 if any failed.

# needs fails with how to get a command that is missing.
needs() { command -v "$1" >/dev/null 2>&1 || { echo "$1 is missing; $2"; return 1; }; }

# node_packages installs what package-lock.json names in the current directory.
node_packages() {
	needs npm "install Node.js 20 or later, with npm: https://nodejs.org" || return 1
	[ -f node_modules/.package-lock.json ] && [ ! package-lock.json -nt node_modules/.package-lock.json ] || npm ci --ignore-scripts
}

# python_packages installs what requirements.txt names in .venv in the current directory.
python_packages() {
	needs python3 "install it with: apt-get install python3 python3-venv" || return 1
	[ -f .venv/installed ] && [ ! requirements.txt -nt .venv/installed ] ||
		{ python3 -m venv .venv && .venv/bin/pip install -q --no-deps -r requirements.txt && touch .venv/installed; }
}

needs go "install Go 1.26 or later: https://go.dev/dl" >&2 || exit 1

dir=$(mktemp -d "${TMPDIR:-/tmp}/hallpass-clients.XXXXXX")
server=""
stop() {
	[ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
	server=""
}
trap 'stop; rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

CGO_ENABLED=0 go build -o "$dir/hallpass" ./cmd/hallpass

# start runs a server and exports where it is and its keys.
start() {
	: >"$dir/ready"
	"$dir/hallpass" serve --dev --json --listen 127.0.0.1:0 >"$dir/ready" 2>"$dir/server.log" &
	server=$!
	tries=0
	until grep -q '}$' "$dir/ready"; do
		tries=$((tries + 1))
		[ "$tries" -lt 300 ] && kill -0 "$server" 2>/dev/null || { cat "$dir/server.log" >&2; return 1; }
		sleep 0.1
	done
	HALLPASS_URL=$(ready url | sed 's/127\.0\.0\.1/localhost/')
	HALLPASS_PUBLIC_KEY=$(ready public_key)
	HALLPASS_PRIVATE_KEY=$(ready private_key)
	HALLPASS_MANAGEMENT_KEY=$(ready management_key)
	HALLPASS_ACCESS_TOKEN=$(ready access_token)
	HALLPASS_TRANSACTION_ID=$(ready transaction_id)
	export HALLPASS_URL HALLPASS_PUBLIC_KEY HALLPASS_PRIVATE_KEY HALLPASS_MANAGEMENT_KEY HALLPASS_ACCESS_TOKEN HALLPASS_TRANSACTION_ID
}

# ready prints one member of what the server printed.
ready() { sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' "$dir/ready"; }

each() {
	failed=0
	for language; do
		start
		if (run "$language") >"$dir/output" 2>&1; then
			echo "ok    $language"
		else
			failed=1
			echo "FAIL  $language"
			sed 's/^/      /' "$dir/output"
		fi
		stop
	done
	return $failed
}
