#!/usr/bin/env bash
# `make demo`: a real stack, filled, distributed and checked. Stays up until Ctrl-C; with DEMO_ONCE=1 it ends after the
# printout, with 0 only if everything held. At the end it stops what it started, and only that; the data stays.
# With STACK_BIN=DIR nothing is built: the binaries in DIR are used as they are. DEMO_USERS, DEMO_ADOPTIONS and DEMO_LIVE
# (2000, 5000, 1000) make it smaller or bigger.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

USERS=${DEMO_USERS:-2000} ADOPTIONS=${DEMO_ADOPTIONS:-5000} LIVE=${DEMO_LIVE:-1000}
STEP="preparing"
STACK_STARTED=() WORKERS_STARTED=()
WATCH=""

step() {
  STEP=$1
  printf '\n[%3d s] %s\n' "$SECONDS" "$STEP"
}

ctl() { "$BIN/contribctl" --config "$REPO/config" "$@"; }

# ------------------------------------------------------------------------------------------------ ending
cleanup() {
  local rc=$? i
  trap - EXIT
  trap '' INT TERM
  if [[ -n $WATCH ]]; then kill "$WATCH" 2>/dev/null || true; fi
  if ((rc != 0 && rc != 130)); then show_logs; fi
  # a step that failed half way may have started something all the same
  note_started
  if ((${#WORKERS_STARTED[@]} + ${#STACK_STARTED[@]} > 0)); then
    printf '\n[%3d s] stopping what this run started (the data stays)\n' "$SECONDS"
    if ((${#WORKERS_STARTED[@]})); then "$HERE/workers.sh" stop "${WORKERS_STARTED[@]}" || rc=1; fi
    for ((i = ${#STACK_STARTED[@]} - 1; i >= 0; i--)); do "$HERE/stack.sh" stop-one "${STACK_STARTED[i]}" || rc=1; done
  fi
  if ((rc == 130)); then printf 'demo: interrupted in step: %s\n' "$STEP" >&2; fi
  if ((rc != 0 && rc != 130)); then printf 'demo: FAILED in step: %s\n' "$STEP" >&2; fi
  exit "$rc"
}

note_started() {
  if [[ -n ${STARTING_STACK:-} ]]; then mapfile -t STACK_STARTED <"$DIR/run/started"; fi 2>/dev/null || true
  if [[ -n ${STARTING_WORKERS:-} ]]; then mapfile -t WORKERS_STARTED <"$DIR/run/started-workers"; fi 2>/dev/null || true
}

# what went wrong is said in the log of a worker, or of Connect, more often than by the command that waited for it;
# the steps that start something show the log themselves
show_logs() {
  local name
  case $STEP in
    *connector*) tail_log connect ;;
    *settle* | *verify* | *live* | *report*)
      for name in cdc-ingestor distributor scheduler outbox-relay query-api; do
        if [[ -s $DIR/logs/$name.log ]]; then tail_log "$name" 6; fi
      done
      ;;
  esac
}

# ------------------------------------------------------------------------------------------------ the flow
main() {
  [[ -n $BIN_GIVEN ]] || has cargo || die "Rust is needed to build this (rustup); the version is named in rust-toolchain.toml"
  rm -f "$DIR/run/started" "$DIR/run/started-workers"

  step "stack: install what is missing"
  "$HERE/stack.sh" install
  step "stack: start"
  STARTING_STACK=yes
  "$HERE/stack.sh" start
  note_started
  STARTING_STACK=""

  if [[ -z $BIN_GIVEN ]]; then
    step "build: cargo build --release --locked --bins"
    (cd "$REPO" && cargo build --release --locked --bins)
  fi

  eval "$("$HERE/stack.sh" env)"
  step "database: migrate"
  ctl migrate
  step "workers: start"
  STARTING_WORKERS=yes
  "$HERE/workers.sh" start
  note_started
  STARTING_WORKERS=""

  step "upstream: history of $USERS users, $ADOPTIONS adoptions"
  ctl generate history --users "$USERS" --adoptions "$ADOPTIONS" --seed 1
  step "connector: register, wait until it runs"
  ctl connectors apply
  local running_at
  running_at=$(now)
  step "settle: until all is read, numbered, distributed and published"
  ctl settle --timeout 180
  local settled_after
  settled_after=$(since "$running_at")
  echo "settled $settled_after after the connector ran"

  step "upstream: $LIVE changes live, 100 a second"
  ctl generate live --adoptions "$LIVE" --seed 2 --rate 100
  step "settle: the live adoptions"
  ctl settle --timeout 120
  step "verify: every identity"
  ctl verify
  step "report"
  ctl report
  printf '\nhistory settled %s after the connector ran; the whole demo took %d s\n' "$settled_after" "$SECONDS"
  printf 'console and API: http://127.0.0.1:%s/\n' "$API_PORT"
  if [[ ${DEMO_ONCE:-} != 1 ]]; then stay_up; fi
}

stay_up() {
  local name gone=" "
  STEP="up"
  trap 'exit 0' INT TERM
  echo "up until Ctrl-C"
  while true; do
    sleep 5 &
    WATCH=$!
    wait "$WATCH"
    for name in cdc-ingestor distributor scheduler outbox-relay query-api; do
      if [[ $gone != *" $name "* ]] && ! running "$name"; then
        say "$name has ended: see $DIR/logs/$name.log"
        gone+="$name "
      fi
    done
  done
}

trap cleanup EXIT
trap 'exit 130' INT TERM
main
