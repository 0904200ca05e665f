#!/bin/sh
# Generates clients from the contract and runs one walk through each: scripts/clients.sh [LANGUAGE]...
#
# Without arguments it does so for all languages. Each gets a development server of its own with a fresh database, and its
# client is generated from the document which that server serves. What a language needs, and what is generated, lies under
# contract_test/clients; only Maven keeps its packages in the home directory. The exit code is 1 if any failed.
set -eu

cd "$(dirname "$0")/.."
root=$PWD
[ $# -gt 0 ] || set -- typescript python java go

# run generates and compiles a client and runs the walk through it.
run() {
	cd "$root/contract_test/clients/$1" 2>/dev/null || { echo "there is no such language"; return 1; }
	case $1 in
	typescript)
		node_packages && npm run generate && npm test
		;;
	python)
		python_packages && PATH=$PWD/.venv/bin:$PATH && rm -rf hallpass &&
			openapi-python-client generate --url "$HALLPASS_URL/openapi.yaml" --meta none --output-path hallpass \
				--config generator.yaml --fail-on-warning &&
			mypy && python -W error::ResourceWarning test_walk.py
		;;
	java)
		needs javac "install it with: apt-get install openjdk-17-jdk-headless" &&
			needs mvn "install it with: apt-get install maven" &&
			mvn --batch-mode --quiet --no-transfer-progress --strict-checksums clean test
		;;
	go)
		mkdir -p hallpass &&
			go tool -modfile="$root/tools.mod" oapi-codegen -config oapi-codegen.yaml "$HALLPASS_URL/openapi.yaml" &&
			go vet ./... && go test -count=1 ./...
		;;
	esac
}

. scripts/each-language.sh
each "$@"
