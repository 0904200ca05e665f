#!/bin/sh
# Runs a command beside a PostgreSQL of its own: scripts/with-postgres.sh go test ./store
#
# The server lives in a temporary directory, listens on a free port of loopback, and goes with the command.
# HALLPASS_TEST_POSTGRES leads to it. The exit code is the command's.
set -eu

[ $# -gt 0 ] || { echo "usage: $0 COMMAND [ARGUMENT]..." >&2; exit 2; }

# binaries prints the directory of the newest PostgreSQL that is installed.
binaries() {
	for dir in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -rn); do
		if [ -x "$dir/initdb" ]; then echo "$dir"; return; fi
	done
	if command -v initdb >/dev/null 2>&1; then dirname "$(command -v initdb)"; fi
}

bin=$(binaries)
if [ -z "$bin" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends postgresql; } >/dev/null 2>&1 || true
	bin=$(binaries)
fi
[ -n "$bin" ] || { echo "$0: PostgreSQL is missing; install it with: apt-get install postgresql" >&2; exit 1; }

dir=$(mktemp -d /tmp/hallpass-postgres.XXXXXX)
as=""
if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
	chown postgres "$dir"
	as="runuser -u postgres --"
fi

stop() {
	$as "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cd_and() { (cd "$dir" && "$@"); } # away from a directory that the server's user may not enter

cd_and $as "$bin/initdb" -D "$dir/data" -U hallpass -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }

tries=0
while :; do
	port=$(awk -v seed="$$$tries" 'BEGIN { srand(seed); print 20000 + int(rand() * 20000) }')
	if cd_and $as "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -w -t 60 -o "-p $port -k $dir -c listen_addresses=127.0.0.1 -c max_connections=300 -c fsync=off -c log_min_messages=fatal" start >/dev/null 2>&1; then
		break
	fi
	tries=$((tries + 1)) # the port was taken, most likely
	[ "$tries" -lt 10 ] || { cat "$dir/data/server.log" >&2; exit 1; }
done

export HALLPASS_TEST_POSTGRES="postgres://hallpass@127.0.0.1:$port/postgres?sslmode=disable"
"$@"
