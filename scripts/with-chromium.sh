#!/bin/sh
# Runs a command that needs a browser: scripts/with-chromium.sh go test -run ^TestBrowser ./cmd/hallpass
#
# On a Debian machine it installs chromium where it is missing. HALLPASS_TEST_BROWSER leads to it, so that nothing is skipped.
# The exit code is the command's.
set -eu

[ $# -gt 0 ] || { echo "usage: $0 COMMAND [ARGUMENT]..." >&2; exit 2; }

if ! command -v chromium >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends chromium fonts-liberation; } >/dev/null 2>&1 || true
fi
HALLPASS_TEST_BROWSER=$(command -v chromium) || { echo "$0: chromium is missing; install it with: apt-get install chromium" >&2; exit 1; }
export HALLPASS_TEST_BROWSER
exec "$@"
