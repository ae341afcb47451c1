#!/usr/bin/env bash
# PostgreSQL, Redis, Kafka and Kafka Connect with Debezium on this machine, without containers.
#
#   stack.sh install            what is missing: apt packages, jars
#   stack.sh start | stop       all four; waits until each answers | keeps the data
#   stack.sh status             exit 1 when one is down
#   stack.sh reset              stop, then remove data and logs; the jars stay
#   stack.sh start-one|stop-one|kill-one NAME    postgres, redis, kafka or connect; kill-one: kill -9
#   stack.sh psql …             psql as the superuser
#   stack.sh env                settings of the workers for this stack, for eval
#
# STACK_DIR (default <repo>/.stack) holds everything; ports: STACK_PG_PORT, STACK_KAFKA_PORT, STACK_CONTROLLER_PORT,
# STACK_CONNECT_PORT, STACK_REDIS_PORT, STACK_API_PORT, STACK_WORKER_PORT. Stacks that differ in all of these run side by
# side; STACK_JARS lets them share one download; STACK_SINK=1 has Connect know Debezium's JDBC sink too;
# STACK_NODE=1 has Node.js, npm and Python's venv installed, for the tests. Choose ports below 32768: an outgoing connection
# may hold one that is higher.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source-path=SCRIPTDIR
source "$HERE/install.sh"
# shellcheck source-path=SCRIPTDIR
source "$HERE/services.sh"

# The names of what this call started go to run/started: a demo or a test stops exactly these again.
start() {
  local name missing=() t0
  t0=$(now)
  require_installed
  for name in "$@"; do
    if running "$name"; then need_same_port "$name"; else missing+=("$name"); fi
  done
  mkdir -p "$DIR/run"
  : >"$DIR/run/started"
  if ((${#missing[@]} == 0)); then
    say "stack: all of $* run already"
    return
  fi
  # all ports first: nothing is half started because the last one is taken
  for name in "${missing[@]}"; do need_ports_of "$name"; done
  say "stack: starting ${missing[*]} (logs in $DIR/logs)"
  for name in "${missing[@]}"; do
    # Connect does nothing but retry until there is a broker
    if [[ $name != connect ]]; then launch_recorded "$name"; fi
  done
  for name in "${missing[@]}"; do
    if [[ $name == connect ]]; then launch_recorded connect; fi
    await "$name"
  done
  say "stack: up after $(since "$t0")"
}
launch_recorded() {
  echo "$1" >>"$DIR/run/started"
  launch "$1"
}

stop() {
  local name
  for name in connect kafka redis postgres; do stop_one "$name"; done
}

status() {
  local name rc=0
  for name in "${SERVICES[@]}"; do status_line "$name" "$(port_of "$name")" || rc=1; done
  if running connect; then
    curl -fsS -m 5 "http://127.0.0.1:$CONNECT_PORT/connectors?expand=status" 2>/dev/null | jq -r '.[].status
      | "connector      \(.name): \(.connector.state), tasks \([.tasks[].state] | join(" "))"' || true
  fi
  return $rc
}

reset() {
  stop
  if [[ -L $DIR/data/pg ]]; then rm -rf "$(elsewhere)"; fi
  rm -rf "${DIR:?}"/{data,logs,run,conf}
  say "reset: data and logs of $DIR removed, jars kept"
}

print_env() {
  local pg=postgres://postgres:postgres@127.0.0.1:$PG_PORT
  cat <<EOF
export CONTRIB__DATABASE__URL=$pg/rwa_contribution
export CONTRIB__UPSTREAM__URL=$pg/upstream
export CONTRIB__KAFKA__BROKERS=127.0.0.1:$KAFKA_PORT
export CONTRIB__CONNECT__URL=http://127.0.0.1:$CONNECT_PORT
export CONTRIB__CONNECT__SIGNAL_TOPIC=dbserver1.signals
export CONTRIB__REDIS__URL=redis://127.0.0.1:$REDIS_PORT
export CONTRIB__HTTP__PORT=$API_PORT
EOF
}

command=${1:-}
shift || true
case $command in
  install) install_all ;;
  start) start "${SERVICES[@]}" ;;
  start-one) port_of "${1:-}" >/dev/null && start "$1" ;;
  stop | status | reset) "$command" ;;
  stop-one) port_of "${1:-}" >/dev/null && stop_one "$1" ;;
  kill-one) port_of "${1:-}" >/dev/null && kill_one "$1" ;;
  psql) psql_ "$@" ;;
  env) print_env ;;
  *)
    sed -n '2,/^set/ s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
