# `make` alone prints what there is.
GO       ?= go
FUZZTIME ?= 30s
BENCH    ?= -peers
MINUTES  ?= 10
LINT     := bin/golangci-lint
VULN     := bin/govulncheck
RELEASER := bin/goreleaser
SBOM     := bin/cyclonedx-gomod
SITE     := bin/site/bin/mkdocs
RELEASE  ?= release --snapshot --clean

.PHONY: help build test lint fmt check bench fuzz demo clean long year beliefs plant torture flood vulnerabilities \
  release manuals notice docs screenshots manifests freeze-schema

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the program as ./etl
	$(GO) build -o etl ./cmd/etl

test: ## run the tests; finds a PostgreSQL by itself (CONTRIBUTING.md says how)
	$(GO) test ./...

long: ## run the long tests too, as CI does: kills, fleets, years, faults; a quarter of an hour
	$(GO) test -timeout 40m ./... -long

year: ## live through a scripted year of vendors day by day, and build it again from raw
	$(GO) test ./cmd/etl -run '^TestYear$$' -count=1 -timeout 60m -long=whole

beliefs: ## ask vendors of every temperament for 120 days, and write docs/beliefs.md: what was believed, what was lost; half an hour
	$(GO) test ./cmd/etl -run '^TestBeliefs$$' -count=1 -timeout 90m -long=whole

plant: ## make known mistakes one by one, and write docs/planted-bugs.md: which test notices which
	$(GO) run ./internal/dev/plant

torture: ## break small scenarios at every seam for MINUTES (default 10), from where it stopped, and write docs/torture.md
	$(GO) run ./internal/dev/torture/run -minutes $(MINUTES) $(TORTURE)

flood: ## flood the product with bad pushes, requests, answers and backfills for MINUTES, from where it stopped, and write docs/flood.md
	$(GO) run ./internal/dev/flood -minutes $(MINUTES) $(FLOOD)

lint: $(LINT) ## run every linter of .golangci.yml
	$(GO) vet ./...
	$(LINT) run ./...

fmt: $(LINT) ## format the Go files
	$(LINT) fmt ./...

vulnerabilities: $(VULN) ## look for known vulnerabilities in what is called; needs vuln.go.dev, or a copy that GOVULNDB names
	scripts/vulnerabilities

check: ## run what CI runs, in the same order: .ci/run; a quarter of an hour, root on Debian
	.ci/run

bench: ## measure the product beside psql \copy and write docs/benchmarks.md; half an hour on an idle machine; BENCH=-small tries it
	$(GO) run ./internal/dev/bench $(BENCH)

fuzz: ## run each fuzz target for FUZZTIME (default 30s)
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$pkg; \
	  done; \
	done

demo: ## everything here and now: a Postgres, both vendors on loopback, 400 days
	$(GO) run ./cmd/etl demo

release: $(RELEASER) $(SBOM) ## make packages, archives and SBOMs in dist/release; a snapshot, unless RELEASE says more (docs/releasing.md)
	PATH="$(CURDIR)/bin:$$PATH" $(RELEASER) $(RELEASE)

manuals: ## write manual pages and completions into dist/manuals/share
	scripts/manuals

notice: ## write NOTICE: the licences of all modules in the program
	$(GO) test ./internal/rules -run '^TestNoticeIsCurrent$$' -count=1 -update

docs: $(SITE) ## write the documentation as a site into dist/site; a broken link fails
	NO_MKDOCS_2_WARNING=1 $(SITE) build --quiet
	scripts/site-check

screenshots: ## make the pictures of docs/pages.md and README.md in docs/images; needs chromium and pngquant
	scripts/screenshots

manifests: bin/kubeconform ## build the Kubernetes manifests with kustomize, and check them with kubeconform, strictly
	scripts/manifests

freeze-schema: ## keep the schema of the release VERSION with some data: every later version has to bring it up to its own
	$(GO) test ./cmd/etl -run '^TestReleasedSchemasComeUp$$' -count=1 -freeze $(VERSION)

clean: ## remove what was built
	rm -rf bin dist etl

# Building it takes two to four minutes, so it is kept. Its module is not the product's: it needs hundreds of others.
$(LINT): tools/go.mod tools/go.sum
	$(GO) -C tools build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

$(VULN): tools/go.mod tools/go.sum
	$(GO) -C tools build -o ../$@ golang.org/x/vuln/cmd/govulncheck
	@touch $@

$(RELEASER) $(SBOM): tools/release/go.mod tools/release/go.sum
	$(GO) -C tools/release build -o ../../bin/ tool
	@touch $(RELEASER) $(SBOM)

bin/kubeconform bin/kustomize: tools/manifests/go.mod tools/manifests/go.sum
	$(GO) -C tools/manifests build -o ../../bin/ tool
	@touch bin/kubeconform bin/kustomize

$(SITE): tools/docs/requirements.txt
	python3 -m venv bin/site
	bin/site/bin/pip install --quiet --requirement $<
	npm install --silent --no-audit --no-fund --prefix bin/site iframe-worker@1.0.4
	@touch $@
