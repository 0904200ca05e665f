#!/bin/sh
# Packs what the pages embed of Swagger UI, at the version in pages/swagger-ui/package-lock.json: scripts/swagger-ui.sh
#
# npm checks what it fetches against the lock file; no script of the package is run. A file that holds the same already is
# left alone, whichever gzip made it.
set -eu

cd "$(dirname "$0")/../pages/swagger-ui"
for command in npm gzip; do
	command -v $command >/dev/null || { echo "$0: $command is missing; install it with: apt-get install nodejs npm gzip" >&2; exit 1; }
done
npm ci --ignore-scripts --silent
from=node_modules/swagger-ui-dist

for name in swagger-ui-bundle.js swagger-ui.css; do
	if [ ! -f $name.gz ] || ! gzip -dc $name.gz | cmp -s - $from/$name; then
		gzip -9nc $from/$name >$name.gz
	fi
done
for name in LICENSE NOTICE swagger-ui-bundle.js.LICENSE.txt; do
	echo "==== $name of swagger-ui-dist"
	echo
	cat $from/$name
	echo
done >licences.txt
