# Everything local lives below .stack/ (STACK_DIR); the ports are settings too: see deploy/local/stack.sh.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test bench up fresh down status reset check fmt lint sqlx

LOCAL := deploy/local
BIN = $${STACK_BIN:-target/release}

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 16

demo: ## a real stack, filled, distributed and checked; up until Ctrl-C (DEMO_ONCE=1: ends after the printout)
	@$(LOCAL)/demo.sh

test: ## every test of the workspace, against real servers (ARGS=… for cargo test)
	@STACK_NODE=1 $(LOCAL)/beside.sh test cargo test $(if $(findstring -p ,$(ARGS)),,--workspace) --locked $(ARGS)

bench: ## what the service reaches, beside floors (ONLY=name, RUNS=n): a table, and .stack/bench/report.json
	@$(LOCAL)/stack.sh install
	@cargo build --release --locked -q -p bench -p cdc-ingestor -p query-api
	@$(if $(filter ingest.users.jdbc_sink,$(ONLY)),STACK_SINK=1) $(LOCAL)/beside.sh bench $${CARGO_TARGET_DIR:-target}/release/bench $(if $(ONLY),--only $(ONLY)) $(if $(RUNS),--runs $(RUNS))

up: ## the stack, migrations and all workers, without demo data or connector
	@$(LOCAL)/stack.sh install
	@$(LOCAL)/stack.sh start
	@[[ -n "$$STACK_BIN" ]] || { set -x; cargo build --release --locked --bins; }
	@eval "$$($(LOCAL)/stack.sh env)" && $(BIN)/contribctl --config config migrate
	@$(LOCAL)/workers.sh start
	@eval "$$($(LOCAL)/stack.sh env)" && echo "console and API: http://127.0.0.1:$$CONTRIB__HTTP__PORT/"

fresh: ## the two commands on bare machines made for it, as a user with sudo and as root (FRESH_QUICK=1: minutes)
	@deploy/fresh-machine.sh

down: ## stop workers and stack, keep the data
	@$(LOCAL)/workers.sh stop
	@$(LOCAL)/stack.sh stop

status: ## what runs; exit 1 when something is down
	@rc=0; $(LOCAL)/stack.sh status || rc=1; $(LOCAL)/workers.sh status || rc=1; exit $$rc

reset: ## down, and remove the data (the jars stay)
	@$(LOCAL)/workers.sh stop
	@$(LOCAL)/stack.sh reset

check: ## format, clippy, manifests, tests, the two commands on a bare machine: what .ci/run runs
	@$(LOCAL)/stack.sh install
	@$(MAKE) --no-print-directory lint
	@deploy/check-manifests.sh
	@$(MAKE) --no-print-directory test
	@FRESH_QUICK=1 FRESH_USERS=visitor deploy/fresh-machine.sh || { [[ $$? == 3 ]] && echo "make check: the fresh machine was NOT tried: see above"; }

sqlx: ## write .sqlx anew after a change to a statement (needs the local PostgreSQL)
	@$(LOCAL)/prepare-sqlx.sh

fmt: ## format the Rust sources
	cargo fmt --all

lint: ## format check and clippy, warnings denied
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
