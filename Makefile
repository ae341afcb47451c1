# Everything local lives below .stack/ (STACK_DIR); the ports are settings too: see deploy/local/stack.sh.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test up down status reset check fmt lint sqlx

LOCAL := deploy/local
BIN = $${STACK_BIN:-target/release}

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 16

demo: ## a real stack, filled, distributed and checked; up until Ctrl-C (DEMO_ONCE=1: ends after the printout)
	@$(LOCAL)/demo.sh

test: ## every test of the workspace, against real servers (ARGS=… for cargo test)
	@$(LOCAL)/test.sh $(ARGS)

up: ## the stack, migrations and all workers, without demo data or connector
	@$(LOCAL)/stack.sh install
	@$(LOCAL)/stack.sh start
	cargo build --release --locked --bins
	@eval "$$($(LOCAL)/stack.sh env)" && $(BIN)/contribctl --config config migrate
	@$(LOCAL)/workers.sh start
	@eval "$$($(LOCAL)/stack.sh env)" && echo "console and API: http://127.0.0.1:$$CONTRIB__HTTP__PORT/"

down: ## stop workers and stack, keep the data
	@$(LOCAL)/workers.sh stop
	@$(LOCAL)/stack.sh stop

status: ## what runs; exit 1 when something is down
	@rc=0; $(LOCAL)/stack.sh status || rc=1; $(LOCAL)/workers.sh status || rc=1; exit $$rc

reset: ## down, and remove the data (the jars stay)
	@$(LOCAL)/workers.sh stop
	@$(LOCAL)/stack.sh reset

check: ## format, clippy with warnings denied, manifests, tests: what .ci/run runs
	@$(LOCAL)/stack.sh install
	@$(MAKE) --no-print-directory lint
	@deploy/check-manifests.sh
	@$(MAKE) --no-print-directory test

sqlx: ## write .sqlx anew after a change to a statement (needs the local PostgreSQL)
	@$(LOCAL)/prepare-sqlx.sh

fmt: ## format the Rust sources
	cargo fmt --all

lint: ## format check and clippy, warnings denied
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
