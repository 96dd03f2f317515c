# Thin over go and scripts/: make run, make test, make bench, make soak, make conformance, make screenshots, make build.

# One set of flags everywhere, so that everything is built once. Without gRPC's tracing, which nobody here uses, the
# program takes one MiB less; migrated_fynedo says that the desktop app hops onto Fyne's thread by itself. A -tags in a
# command replaces this one.
TAGS := grpcnotrace,migrated_fynedo
export GOFLAGS := -buildvcs=false -trimpath -tags=$(TAGS)
# Where scripts/setup puts Go if that of the system is too old.
export PATH := $(CURDIR)/.tools/go/bin:$(PATH)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# Packages with goroutines.
RACE := ./auth/... ./internal/approval ./internal/bridge ./internal/exchange ./internal/fakegoogle/... ./internal/logfile ./internal/ngroktest ./internal/notify ./internal/retry ./internal/sessionbus ./internal/store ./internal/tool ./internal/workspace/... ./internal/control ./server/... ./tunnel/...

.PHONY: run test bench soak conformance screenshots build unit vet race e2e

run: ## install what is missing, build, and start the desktop app, or without a screen show a first real answer
	@scripts/setup run
	@$(MAKE) --no-print-directory build
	@scripts/demo bin/postern bin/postern-desktop

build: ## both programs; the first build of the desktop app takes some minutes
	CGO_ENABLED=0 go build -ldflags='-s -w' -o bin/postern ./cmd/postern
	CGO_ENABLED=1 go build -ldflags='-s -w' -o bin/postern-desktop ./cmd/postern-desktop

test: ## install what is missing, and run every test
	@scripts/setup test
	@$(MAKE) --no-print-directory unit vet race e2e

unit:
	CGO_ENABLED=0 go test ./...

vet:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run gofmt"; exit 1; }
	CGO_ENABLED=0 go vet ./...
	CGO_ENABLED=1 go vet ./cmd/postern-desktop
	CGO_ENABLED=0 go vet -tags e2e,$(TAGS) ./e2e
	CGO_ENABLED=0 go vet -tags e2e,conformance,$(TAGS) ./e2e ./server
	CGO_ENABLED=0 go vet -tags e2e,soak,$(TAGS) ./e2e
	CGO_ENABLED=0 go vet -tags soak,$(TAGS) ./internal/bridge
	CGO_ENABLED=1 go vet -tags probe,$(TAGS) ./cmd/postern-desktop
	CGO_ENABLED=0 go run $(STATICCHECK) ./...
	go mod verify

race:
	CGO_ENABLED=1 go test -race -short $(RACE)

e2e:
	cd e2e && npm ci --silent
	CGO_ENABLED=0 go test -tags e2e,$(TAGS) -timeout 15m ./e2e

conformance: ## MCP's own conformance suite, three runs of each set
	@scripts/setup test
	cd e2e/conformance && npm ci --silent
	CGO_ENABLED=0 go test -count=1 -v -tags e2e,conformance,$(TAGS) -timeout 30m ./e2e -run TestConformance

screenshots: build ## the pictures of the desktop app in docs/pictures, from the running program
	scripts/screenshots bin/postern-desktop docs/pictures

bench: ## print figures; fails over a budget
	@scripts/setup test
	CGO_ENABLED=0 go build -ldflags='-s -w' -o bin/postern ./cmd/postern
	CGO_ENABLED=0 go build -tags conformance,$(TAGS) -ldflags='-s -w' -o bin/postern-fixture ./cmd/postern
	CGO_ENABLED=1 go build -ldflags='-s -w' -o bin/postern-desktop ./cmd/postern-desktop
	CGO_ENABLED=1 go build -ldflags='-s -w' -o bin/baretray ./internal/bench/baretray
	CGO_ENABLED=0 go build -o bin/bench ./internal/bench
	bin/bench -binary bin/postern -fixture bin/postern-fixture -desktop bin/postern-desktop -baretray bin/baretray

soak: ## long: fuzzing and repeats
	CGO_ENABLED=0 go test -fuzz=FuzzRead -fuzztime=2m ./internal/mail
	CGO_ENABLED=0 go test -fuzz=FuzzStripQuoted -fuzztime=2m ./internal/mail
	CGO_ENABLED=0 go test -fuzz=FuzzFence -fuzztime=2m ./internal/tool
	CGO_ENABLED=0 go test -fuzz=FuzzPlain -fuzztime=2m ./internal/mail
	CGO_ENABLED=0 go test -fuzz=FuzzCheck -fuzztime=5m ./server/oauth/redirect
	CGO_ENABLED=0 go test -fuzz=FuzzParse -fuzztime=5m ./server/oauth/cimd
	CGO_ENABLED=0 go test -fuzz=FuzzIs -fuzztime=5m ./server/oauth/opaque
	CGO_ENABLED=0 go test -fuzz=FuzzScope -fuzztime=5m ./server/oauth
	CGO_ENABLED=0 go test -fuzz=FuzzResource -fuzztime=5m ./server/oauth
	CGO_ENABLED=0 go test -fuzz=FuzzChallenge -fuzztime=5m ./server/guard
	CGO_ENABLED=0 go test -fuzz=FuzzRead -fuzztime=5m ./server/peek
	CGO_ENABLED=1 go test -race -count=20 -short $(RACE)
	CGO_ENABLED=1 go test -race -count=40 -timeout 30m ./tunnel/...
	CGO_ENABLED=0 go test -count=1 -v -tags soak,$(TAGS) -timeout 60m ./internal/bridge -run TestShareSoak
	CGO_ENABLED=0 go test -count=1 -v -tags e2e,soak,$(TAGS) -timeout 60m ./e2e -run TestSoak
	POSTERN_TEST_RACE=1 CGO_ENABLED=0 go test -count=1 -tags e2e,soak,$(TAGS) -timeout 60m ./e2e -run 'TestDesktop|TestSoakDesktopStorm'
