#!/usr/bin/env bash
# The five workers of this checkout, run against the local stack.
#
#   workers.sh start            waits until each is ready
#   workers.sh stop [NAME…]     SIGTERM, after 15 s SIGKILL
#   workers.sh status           exit 1 when one is down
#   workers.sh kill NAME        kill -9
#
# NAME: cdc-ingestor, distributor, scheduler, outbox-relay, query-api. STACK_BIN (default <repo>/target/release) is where
# the binaries lie; for the rest see stack.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
WORKERS=(cdc-ingestor distributor scheduler outbox-relay query-api)

port_of() {
  case $1 in
    cdc-ingestor) echo "$WORKER_PORT" ;;
    distributor) echo $((WORKER_PORT + 1)) ;;
    scheduler) echo $((WORKER_PORT + 2)) ;;
    outbox-relay) echo $((WORKER_PORT + 3)) ;;
    query-api) echo "$API_PORT" ;;
    *) die "no worker called $1; there are: ${WORKERS[*]}" ;;
  esac
}

# the four have a port for health and metrics only; the API answers these on its own
launch() {
  export CONTRIB__AUTH__MODE=${CONTRIB__AUTH__MODE:-off}
  local settings=(CONTRIB__HEALTH__PORT="$(port_of "$1")")
  if [[ $1 == query-api ]]; then settings=(CONTRIB__HTTP__PORT="$API_PORT"); fi
  spawn "$1" env "${settings[@]}" "$BIN/$1" --config "$REPO/config"
}

ready() { listening "$(port_of "$1")" && curl -fsS -m 5 "http://127.0.0.1:$(port_of "$1")/health/ready"; }

# a build puts a new file in the place of the one that still runs
outdated() { [[ $(readlink "/proc/$(pid_of "$1")/exe") == *' (deleted)' ]]; }

# The names of what this call started go to run/started-workers: a demo stops exactly these again.
start() {
  local name missing=()
  eval "$("$HERE/stack.sh" env)"
  mkdir -p "$DIR/run" "$DIR/logs"
  : >"$DIR/run/started-workers"
  for name in "${WORKERS[@]}"; do
    if running "$name" && outdated "$name"; then
      say "$name was built anew since it was started"
      stop_one "$name"
    fi
    if ! running "$name"; then missing+=("$name"); fi
  done
  # all are looked at before one is started: nothing is half started because the last one is missing
  for name in "${missing[@]}"; do need "$name"; done
  for name in "${missing[@]}"; do
    echo "$name" >>"$DIR/run/started-workers"
    launch "$name"
  done
  for name in "${WORKERS[@]}"; do wait_for 60 "$name" ready "$name"; done
}

need() {
  [[ -x $BIN/$1 ]] || die "$BIN/$1 is not there: cargo build --release --locked --bins"
  case $1 in
    query-api) need_port "$API_PORT" STACK_API_PORT "$1" ;;
    *) need_port "$(port_of "$1")" "STACK_WORKER_PORT (base of four)" "$1" ;;
  esac
}

stop_one() {
  if ! running "$1"; then
    say "$1 does not run"
    return
  fi
  if signal "$1" TERM 15; then
    say "$1 stopped"
  else
    signal "$1" KILL 5 || die "$1 does not end"
    say "$1 did not stop within 15 s of SIGTERM: killed; the end of its log ($DIR/logs/$1.log) may say why"
  fi
}

# all are told at once: each may take its time to finish what it has in hand
stop() {
  local name pid pids=()
  for name in "$@"; do
    stop_one "$name" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
}

status() {
  local name rc=0 health
  for name in "${WORKERS[@]}"; do
    health="not ready"
    if ready "$name" >/dev/null 2>&1; then health=ready; fi
    if running "$name"; then echo "$(status_line "$name" "$(port_of "$name")")  $health"; else
      status_line "$name" "" || rc=1
    fi
  done
  return $rc
}

kill_one() {
  running "$1" || die "$1 does not run"
  signal "$1" KILL 5
  say "$1 killed"
}

command=${1:-}
case $command in
  start | status) "$command" ;;
  stop)
    shift
    for name in "$@"; do port_of "$name" >/dev/null; done
    if (($# == 0)); then set -- "${WORKERS[@]}"; fi
    stop "$@"
    ;;
  kill) port_of "${2:-}" >/dev/null && kill_one "$2" ;;
  *)
    sed -n '2,/^set/ s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
