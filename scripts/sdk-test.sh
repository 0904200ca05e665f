#!/bin/sh
# Runs the vendor's own client libraries against hallpass: scripts/sdk-test.sh [LANGUAGE]...
#
# Without arguments it runs those in SDK_LANGUAGES, or all. Each gets a development server of its own with a fresh database.
# What a language needs is installed under contract_test/sdk. The exit code is 1 if any failed.
set -eu

cd "$(dirname "$0")/.."
sdk=$PWD/contract_test/sdk
[ $# -gt 0 ] || set -- ${SDK_LANGUAGES:-curl javascript javascript-legacy python python-legacy go-legacy-wire csharp-wire java-wire}

# run installs what a language needs and runs its tests.
run() {
	case $1 in
	curl)
		needs curl "install it with: apt-get install curl" || return 1
		"$sdk/curl/test.sh"
		;;
	javascript | javascript-legacy)
		cd "$sdk/$1"
		node_packages || return 1
		npm test
		;;
	python | python-legacy)
		cd "$sdk/$1"
		python_packages || return 1
		.venv/bin/python -W error::ResourceWarning test_sdk.py
		;;
	go-legacy-wire) go test -count=1 ./contract_test/sdk -run '^TestGoLegacy' ;;
	csharp-wire) go test -count=1 ./contract_test/sdk -run '^TestCSharp' ;;
	java-wire) go test -count=1 ./contract_test/sdk -run '^TestJava' ;;
	*)
		echo "there is no such language"
		return 1
		;;
	esac
}

. scripts/each-language.sh
each "$@"
