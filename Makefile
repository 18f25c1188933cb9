# One word per job. `make help` lists them.

.DEFAULT_GOAL := help
SHELL := bash
CARGO := cargo

# A server that tests/setup unpacked is found behind one of the system.
export PATH := $(PATH):$(CURDIR)/.realtime/bin

# The tests wait for servers and clients more than they work: several at once, even on two cores.
export RUST_TEST_THREADS ?= 4

.PHONY: help setup dev console types test test-unit test-integration test-browser test-one matrix lint \
	lint-rust lint-deploy lint-types lint-console deps-check bench chaos watch coverage clean

help: ## List the jobs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The debug profile is built with some optimisation: for a newcomer it is ready in half the time of
# a release build and fast enough for a team to chat on, and the tests use the same build.
dev: console ## Run everything here: a private Redis, an edge, a worker and the page
	@tests/setup redis
	$(CARGO) run -- dev

setup: ## Bring what the tests need and this machine lacks
	@tests/setup

console: ## Build the page, if Node is there; without it the service runs and says so
	@if command -v npm >/dev/null; then \
		$(MAKE) --no-print-directory edge/console/dist/index.html; \
	else \
		echo "console: no npm on PATH, so the page is left out; the service is complete without it"; \
	fi

edge/console/node_modules/.package-lock.json: edge/console/package-lock.json
	cd edge/console && npm ci --silent

edge/console/dist/index.html: edge/console/node_modules/.package-lock.json \
		$(shell find edge/console -path '*/node_modules' -prune -o -path '*/dist' -prune -o -type f -print)
	cd edge/console && npm run --silent build

# What the binary says about the events, as TypeScript.
TYPES = $(CARGO) run --quiet -- events --asyncapi | node edge/console/scripts/types.mjs

types: edge/console/node_modules/.package-lock.json ## Make the TypeScript definitions anew from the events
	$(TYPES)

test: setup console ## All tests
	$(CARGO) test --workspace --no-fail-fast

test-unit: ## Tests that need nothing but the code
	$(CARGO) test --workspace --lib --bins
	$(CARGO) test --test tidy

test-integration: setup console ## Tests that start Redis, edges, workers and clients
	$(CARGO) test --package lua --test '*' --no-fail-fast
	$(CARGO) test --test e2e --no-fail-fast

test-browser: setup console ## The page in Chromium, in several windows
	$(CARGO) test --test e2e browser::

test-one: ## The tests whose path contains NAME: make test-one NAME=history_pages
	@[ -n "$(NAME)" ] || { echo "which? make test-one NAME=history_pages"; exit 2; }
	@tests/setup redis
	$(CARGO) test --workspace -- --nocapture $(NAME)

matrix: console ## All tests on each kind of Redis: 7.0, a newer one, Valkey (PART=scripts: fewer)
	tests/matrix $(PART)

lint: lint-rust lint-deploy lint-types lint-console ## Format, lints, documentation, deploy files, page

lint-rust:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items

lint-deploy:
	@tests/setup python
	deploy/lint

lint-types: edge/console/node_modules/.package-lock.json
	$(TYPES) --check

lint-console: edge/console/node_modules/.package-lock.json
	cd edge/console && npm run --silent check && npm run --silent test

deps-check: ## Licences, sources and banned crates of the dependencies
	@command -v cargo-deny >/dev/null || $(CARGO) install --quiet --locked cargo-deny@0.20.2
	$(CARGO) deny check licenses bans sources

bench: ## Measure chat on this machine with an optimised build
	@tests/setup redis
	$(CARGO) run --release -- bench chat $(ARGS)

chaos: ## Break the running system for ten minutes and check its promises: make chaos ARGS='--seed 7'
	@tests/setup redis
	$(CARGO) run --package chaos -- --minutes 10 $(ARGS)

watch: ## Run the quick tests again at every change
	tests/watch

coverage: setup console ## Which lines the tests run, as HTML under target/llvm-cov
	tests/coverage

clean: ## Remove what was built, and the data of `make dev`
	$(CARGO) clean
	rm -rf .realtime edge/console/dist edge/console/node_modules tests/browser/node_modules tests/clients/node/node_modules
