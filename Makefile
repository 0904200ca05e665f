# make run and make test need Go and nothing else; what more a target needs, it installs or says.

GO        ?= go
TOOL       = $(GO) tool -modfile=tools.mod
export CGO_ENABLED ?= 0

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start a development server on 127.0.0.1:8080 with known keys
	@$(GO) run ./cmd/hallpass serve --dev

build: ## build the static binary bin/hallpass
	$(GO) build -trimpath -ldflags='-s -w' -o bin/hallpass ./cmd/hallpass

gen: ## generate the server from openapi.yaml, and the renditions that it serves
	$(TOOL) oapi-codegen -config oapi-codegen.yaml openapi.yaml
	$(GO) run ./gen/renditions

test: ## run all tests
	$(GO) test ./...

race: ## run all tests with the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race ./...

test-postgres: ## run the store's tests on PostgreSQL as well
	scripts/with-postgres.sh $(GO) test -count=1 ./store

browser-test: ## read and try the pages in chromium, which is installed where it is missing
	scripts/with-chromium.sh $(GO) test -count=1 ./cmd/hallpass -run '^TestBrowser'

proof: ## prove what the contract suite catches, on servers that are wrong on purpose (PROOF=-whole for all of it)
	$(GO) test -count=1 -v -parallel 4 -timeout 30m ./contract_test/proof -args -prove $(PROOF)

sdk-test: ## run the vendor's own SDKs against a development server (needs curl, Node and Python)
	scripts/sdk-test.sh

clients: ## generate clients in four languages and run one walk through each (needs Node, Python, Java and Maven)
	scripts/clients.sh

fuzz: ## fuzz every target for a while each (FUZZTIME=10s)
	scripts/fuzz.sh

fmt: ## format the code
	gofmt -w $(shell git ls-files '*.go' ':!gen/*.gen.go')

lint: ## vet and lint the code
	$(GO) vet ./...
	$(GO) run -modfile=lint.mod github.com/golangci/golangci-lint/v2/cmd/golangci-lint run

lint-contract: ## lint the contract (needs Node: apt-get install nodejs npm)
	@command -v npm >/dev/null || { echo 'lint-contract needs Node and npm: apt-get install nodejs npm'; exit 1; }
	$(TOOL) oasdiff validate openapi.yaml
	npm ci --prefix speclint --ignore-scripts --silent
	cd speclint && npx redocly lint --config redocly.yaml ../openapi.yaml
	cd speclint && npx spectral lint -r spectral.yaml ../openapi.yaml
	cd speclint && npx redocly score --format json ../openapi.yaml | node score.mjs 90

swagger-ui: ## pack what the reference page embeds of Swagger UI (needs Node: apt-get install nodejs npm)
	scripts/swagger-ui.sh

fresh-swagger-ui: swagger-ui ## fail where that is not what the lock file names
	@git diff --exit-code --stat -- pages/swagger-ui || { echo 'what is embedded of Swagger UI is stale; commit what changed'; exit 1; }

fresh: gen ## fail where generated code or formatting is stale
	@test -z "$$(gofmt -l $$(git ls-files '*.go' ':!gen/*.gen.go'))" || { echo 'run: make fmt'; exit 1; }
	@git diff --exit-code -- gen || { echo 'generated code is stale; run: make gen'; exit 1; }

changes: ## fail where the contract breaks its last release, or changes under the same version
	$(GO) run ./release check

changelog: ## list the contract's changes since the last release in CHANGELOG.md
	$(GO) run ./release changelog

release: changelog ## make what is unreleased the release of info.version
	$(GO) run ./release cut

bench: ## measure against a bare handler (needs wrk: apt-get install wrk)
	@command -v wrk >/dev/null || { echo 'bench needs wrk: apt-get install wrk'; exit 1; }
	$(GO) run ./bench

check: fresh fresh-swagger-ui changes lint lint-contract race proof test-postgres browser-test sdk-test clients ## all that CI runs

.PHONY: help run build gen test race test-postgres browser-test proof sdk-test clients fuzz fmt lint lint-contract swagger-ui fresh-swagger-ui fresh changes changelog release bench check
.DEFAULT_GOAL := help
