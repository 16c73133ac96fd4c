# What each command promises is in README.md; the work is in scripts/.
export CGO_ENABLED = 1
WALLET_SRC := $(shell find wallet-web/src wallet-web/public wallet-web/index.html wallet-web/*.ts policies/catalogue.json -type f 2>/dev/null)

.PHONY: run consortium test check bench wallet binaries clean help

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: binaries ## build everything, start Coffer and the sample shop, say what to open
	scripts/run

consortium: binaries ## run a ledger of four members on this machine, and show them side by side
	scripts/consortium

test: ## everything: Go with the race detector, vectors, wallet, browser end to end, lint
	scripts/test

check: ## fast: build, vet, floor plan, unit tests
	scripts/need go cc
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'run: gofmt -w on these files'; exit 1; }
	go build ./... && go vet ./... && go test -short ./...

bench: ## the figures: ledger commits, gated releases, stores, proofs, policy decisions
	scripts/need go cc
	go test -run '^$$' -bench . -benchtime $${BENCHTIME:-2s} ./anchor/... ./consent/... ./policies/... ./vault/... ./internal/sqldb
	go run ./internal/ledgertest -entries $${ENTRIES:-100000}
	go run ./internal/loadtest -vaults $${VAULTS:-1000,100000} -each $${BENCHTIME:-2s}

wallet: wallet-web/dist/index.html ## build the wallet's pages

wallet-web/node_modules/.package-lock.json: wallet-web/package.json wallet-web/package-lock.json
	scripts/need node
	cd wallet-web && npm ci --no-audit --no-fund && touch node_modules/.package-lock.json

wallet-web/dist/index.html: wallet-web/node_modules/.package-lock.json $(WALLET_SRC)
	cd wallet-web && npm run build && touch dist/index.html

binaries: wallet ## build bin/cofferd and bin/coffer
	scripts/need go cc
	go build -o bin/ ./cmd/cofferd ./cmd/coffer

clean: ## remove what was built; data folders stay
	rm -rf bin wallet-web/dist/* wallet-web/node_modules wallet-web/test-results
