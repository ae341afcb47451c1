#!/usr/bin/env bash
# `make sqlx`: writes .sqlx/, by which the statements of crates/persistence are checked where no database is at hand.
# Uses a scratch database of the local PostgreSQL (`make up` or deploy/local/stack.sh start-one postgres).
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SCRATCH=sqlx_prepare
SERVER=${SQLX_SERVER:-postgres://postgres:postgres@127.0.0.1:$PG_PORT}

psql_scratch() { psql -X -q -v ON_ERROR_STOP=1 "$SERVER/$1" "${@:2}"; }

psql_scratch postgres -c "DROP DATABASE IF EXISTS $SCRATCH WITH (FORCE)" -c "CREATE DATABASE $SCRATCH"
for migration in "$REPO"/migrations/*.sql; do psql_scratch "$SCRATCH" -1 -f "$migration" >/dev/null; done
rm -rf "$REPO/.sqlx"
mkdir -p "$REPO/.sqlx"
# the macros write what they learn there while they compile; only this one crate has any
touch "$REPO/crates/persistence/src/lib.rs"
(cd "$REPO" && SQLX_OFFLINE=false DATABASE_URL="$SERVER/$SCRATCH" SQLX_OFFLINE_DIR="$REPO/.sqlx" cargo check -p persistence --locked)
psql_scratch postgres -c "DROP DATABASE $SCRATCH WITH (FORCE)"
say "$(find "$REPO/.sqlx" -name '*.json' | wc -l) statements in .sqlx"
