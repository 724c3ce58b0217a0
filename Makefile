# Everything that a developer or an operator needs; "make help" lists it.

SHELL := /bin/bash
GO ?= go
TOOL := $(GO) tool -modfile=.ci/tools/go.mod
BIN := bin/onboard

# The race detector and checkptr watch all of the code but SQLite's own, which is C translated into Go: it keeps its memory outside
# the Go heap, where the race detector looks at nothing, and its pointers break the rules of unsafe on purpose. Watching it took
# two thirds of the time of a test with a database. The locks that it takes are modernc.org/libc's, whose races are watched.
UNWATCHED := -gcflags=modernc.org/...=-d=checkptr=0 -gcflags='modernc.org/sqlite/lib=-race=false -d=checkptr=0'

.DEFAULT_GOAL := help
.PHONY: help run build test verify generate fmt lint vuln bench image image-twice peers screenshots quality

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## start the wizard with everything built in, for practice
	@exec $(BIN) serve --sandbox

build: ## build the static binary
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o $(BIN) ./cmd/onboard

test: ## every test, with the race detector and real browsers
	@.ci/need chromium firefox-esr gcc initdb
	@dir=$$(mktemp -d "$$(.ci/memory)/onboard-test.XXXXXX") && chmod 0711 "$$dir" && trap 'rm -rf "$$dir"' EXIT && \
	TMPDIR="$$dir" $(GO) test -race $(UNWATCHED) -parallel $$((1 + $$(nproc))) -timeout 40m ./...

verify: test check ## what CI runs

check: generated format vet lint vuln ## verify without the tests
.PHONY: check generated format vet

generate: ## generate the Go code of the templates, and the packed assets
	$(GO) tool templ generate -log-level error
	$(GO) tool templ generate -log-level error -path .ci/reference
	@$(GO) test -count=1 -run='^TestPackedIsCurrent$$' ./static -pack

generated: generate
	@changed=$$(git status --porcelain -- '*_templ.go' static/packed); if [ -n "$$changed" ]; then echo "generated files are not current: run make generate"; echo "$$changed"; exit 1; fi

fmt: ## format Go and templates
	$(TOOL) gofumpt -l -w cmd internal static templates web
	$(GO) tool templ fmt -prettier-command=none -log-level error templates internal
	@$(MAKE) --no-print-directory generate

format:
	@unformatted=$$($(TOOL) gofumpt -l cmd internal static templates web | grep -v '_templ\.go$$'); if [ -n "$$unformatted" ]; then echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; fi
	$(GO) tool templ fmt -prettier-command=none -log-level error -fail templates internal

vet:
	$(GO) vet ./...

lint: ## static analysis
	$(TOOL) golangci-lint run ./...

vuln: ## known vulnerabilities of what is used; says so where the database is out of reach
	@.ci/vuln

bench: ## benchmarks, with their figures
	@.ci/need chromium initdb
	$(GO) test -run='^$$' -bench=. -benchmem -timeout 30m ./...

image: ## the container image of this commit in bin/image, without an engine; see docs/operations.md
	@.ci/image

image-twice: ## the image made twice, elsewhere and from nothing: its digest has to be the same
	@.ci/image-twice

screenshots: export ONBOARD_SCREENSHOTS := $(abspath $(or $(ONBOARD_SCREENSHOTS),.cache/screenshots))
screenshots: ## a picture of every page and state, by width and theme, and contact sheets of them, in ONBOARD_SCREENSHOTS (.cache/screenshots)
	@.ci/need chromium
	$(GO) test -count=1 -timeout 60m -run='^TestPictures$$' ./cmd/onboard
	$(GO) test -count=1 -tags quality -run='^TestContactSheets$$' ./cmd/onboard

peers: ## the flow against stand-ins that this project did not write; needs Node
	@.ci/peers

quality: ## Lighthouse on every screen, and axe-core in every language; needs Node
	@.ci/quality
