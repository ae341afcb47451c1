#!/usr/bin/env bash
# `make test` and `make bench`: runs a command with a stack of its own beside the one of `make up`, on other ports, that
# shares its jars. Stops afterwards what it started; the exit code is the command's.
#
#   beside.sh NAME COMMAND…    NAME: of its directory, .stack/NAME
#
# The command finds the servers in CONTRIB_TEST_DATABASE_URL, …_KAFKA_BROKERS, …_CONNECT_URL and …_REDIS_URL. Ports:
# TEST_PG_PORT, TEST_REDIS_PORT, TEST_KAFKA_PORT, TEST_CONTROLLER_PORT, TEST_CONNECT_PORT.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
repo=$(cd "$here/../.." && pwd -P)
name=$1
shift
main_dir=$(realpath -m -- "${STACK_DIR:-$repo/.stack}")
export STACK_JARS=${STACK_JARS:-$main_dir/jars}
export STACK_DIR=${TEST_STACK_DIR:-$main_dir/$name}
export STACK_PG_PORT=${TEST_PG_PORT:-15532} STACK_REDIS_PORT=${TEST_REDIS_PORT:-16479}
export STACK_KAFKA_PORT=${TEST_KAFKA_PORT:-19192} STACK_CONTROLLER_PORT=${TEST_CONTROLLER_PORT:-19193}
export STACK_CONNECT_PORT=${TEST_CONNECT_PORT:-18183}
export CONTRIB_TEST_DATABASE_URL=postgres://postgres:postgres@127.0.0.1:$STACK_PG_PORT/postgres
export CONTRIB_TEST_KAFKA_BROKERS=127.0.0.1:$STACK_KAFKA_PORT
export CONTRIB_TEST_CONNECT_URL=http://127.0.0.1:$STACK_CONNECT_PORT
export CONTRIB_TEST_REDIS_URL=redis://127.0.0.1:$STACK_REDIS_PORT

# quietly: the last thing printed is the command's own summary
stop_started() {
  local rc=$? server
  trap '' INT TERM
  for server in $(tac "$STACK_DIR/run/started" 2>/dev/null); do
    "$here/stack.sh" stop-one "$server" >>"$STACK_DIR/logs/stop.log" 2>&1 || true
  done
  exit "$rc"
}

"$here/stack.sh" install
rm -f "$STACK_DIR/run/started"
trap stop_started EXIT
trap 'exit 130' INT TERM
"$here/stack.sh" start
cd "$repo"
"$@"
