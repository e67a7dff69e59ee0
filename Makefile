# The commands of this repository. `make run` and `make test` install what they need first.
SHELL := /bin/bash
.DEFAULT_GOAL := help
TOOLS := .tools

.PHONY: help run test check console docs bench fuzz setup-run setup-test clean-data

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: setup-run console ## Build, then run a server with a sample title to play
	scripts/cargo build --release --package millrace-server
	target/release/millrace demo

test: setup-test console ## Everything that must hold: formats, lints, unit tests, real clients
	scripts/test

check: ## Formats, lints and unit tests: the quick loop
	scripts/check

console: ## Build the web console into console/dist
	scripts/console

docs: ## Write the generated references anew (docs/reference)
	scripts/docs

bench: setup-test ## Measure against nginx and ffmpeg; prints ratios, gates nothing
	scripts/bench

fuzz: ## Run every fuzz target for a minute (needs cargo-fuzz)
	scripts/fuzz

setup-run:
	@scripts/setup run

setup-test:
	@scripts/setup test

clean-data: ## Remove the demo's data directory
	rm -rf millrace-data
