# shellcheck shell=bash
# What the scripts of the local stack share: where things are, saying, waiting, and which process is ours. Sourced only.
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
REPO=$(cd "$HERE/../.." && pwd -P)

# absolute, so that it stays the same stack from whichever directory it is called
DIR=$(realpath -m -- "${STACK_DIR:-$REPO/.stack}")
JARS=$(realpath -m -- "${STACK_JARS:-$DIR/jars}")
BIN=$(realpath -m -- "${STACK_BIN:-$REPO/target/release}")
# shellcheck disable=SC2034 # used by what sources this
{
  # whoever names the binaries has built them
  BIN_GIVEN=${STACK_BIN:+yes}
  PG_PORT=${STACK_PG_PORT:-15432}
  KAFKA_PORT=${STACK_KAFKA_PORT:-19092}
  CONTROLLER_PORT=${STACK_CONTROLLER_PORT:-19093}
  CONNECT_PORT=${STACK_CONNECT_PORT:-18083}
  REDIS_PORT=${STACK_REDIS_PORT:-16379}
  API_PORT=${STACK_API_PORT:-3020}
  WORKER_PORT=${STACK_WORKER_PORT:-3031}
}
export STACK_DIR=$DIR STACK_JARS=$JARS STACK_BIN=$BIN

has() { command -v "$1" >/dev/null; }
say() { printf '%s %s\n' "$(date +%T)" "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# seconds since an earlier $(now)
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f s", b - a }'; }

# Does anybody listen there? Asked of the kernel, not by connecting: trying again and again to connect to a port from which
# outgoing connections are also numbered (32768 on) ends up connected to itself, and then the server cannot have the port.
listening() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -E "$(printf '^ *[0-9]+: [0-9A-F]+:%04X [0-9A-F]+:0000 0A ' "$1")" >/dev/null
}

# need_port PORT VARIABLE WHAT: refuses a port that something else already listens on
need_port() {
  if listening "$1"; then
    die "port $1 ($3) is taken by another process: stop that, or choose another port with $2=…"
  fi
}

# wait_for SECONDS NAME CMD…: polls until CMD succeeds; fails at once when process NAME is gone
wait_for() {
  local limit=$1 name=$2 start=$SECONDS t0 said=""
  shift 2
  t0=$(now)
  until "$@" >/dev/null 2>&1; do
    if [[ -z $said ]]; then
      say "waiting for $name (at most $limit s) …"
      said=yes
    fi
    if ! running "$name"; then
      tail_log "$name"
      die "$name stopped while it was starting"
    fi
    if ((SECONDS - start > limit)); then
      tail_log "$name"
      die "$name does not answer after $limit s"
    fi
    sleep 0.2
  done
  say "$name ready after $(since "$t0")"
}

tail_log() { # NAME [LINES]
  printf -- '--- last lines of %s\n' "$DIR/logs/$1.log" >&2
  tail -n "${2:-20}" "$DIR/logs/$1.log" >&2 2>/dev/null || true
  printf -- '---\n' >&2
}

# slowly WHAT PROGRESS-CMD CMD…: runs CMD with its output in a log, and every 10 s says how far PROGRESS-CMD sees it
slowly() {
  local what=$1 progress=$2 log pid start=$SECONDS next=10 rc=0
  shift 2
  mkdir -p "$DIR/logs"
  log=$DIR/logs/install.log
  say "$what …"
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.3
    if ((SECONDS - start >= next)); then
      say "  … $((SECONDS - start)) s: $("$progress" "$log")"
      next=$((next + 10))
    fi
  done
  wait "$pid" || rc=$?
  if ((rc != 0)); then
    tail_log install
    die "$what failed ($rc)"
  fi
  say "$what: done in $((SECONDS - start)) s"
}

# ------------------------------------------------------------------------------------------------ processes
# Only pids that were saved are ever signalled, and only while the process is still the one that was started: a number
# may have been given to another one since.

saved_pid() {
  local file=$DIR/run/$1.pid
  if [[ $1 == postgres ]]; then file=$DIR/data/pg/postmaster.pid; fi
  if [[ -s $file ]]; then head -n 1 "$file"; fi
}

has_arg() { tr '\0' '\n' <"/proc/$1/cmdline" 2>/dev/null | grep -qxF -- "$2"; }

is_ours() { # PID NAME
  case $2 in
    postgres) has_arg "$1" "$(readlink -f "$DIR/data/pg")" ;;
    # redis rewrites its command line and environment, but works in its data directory
    redis) [[ $(readlink "/proc/$1/cwd" 2>/dev/null) == "$DIR/data/redis" ]] && grep -q '^redis-server' "/proc/$1/cmdline" ;;
    kafka | connect) has_arg "$1" "-Dcontribution.stack=$DIR/$2" ;;
    *) [[ $(tr '\0' '\n' <"/proc/$1/cmdline" 2>/dev/null | head -n 1) == */"$2" ]] &&
      tr '\0' '\n' 2>/dev/null <"/proc/$1/environ" | grep -qxF -- "CONTRIBUTION_STACK=$DIR" ;;
  esac
}

# the pid of NAME while it runs and belongs to this stack, else nothing
pid_of() {
  local pid
  pid=$(saved_pid "$1")
  if [[ -n $pid ]] && is_ours "$pid" "$1" 2>/dev/null; then echo "$pid"; fi
}
running() { [[ -n $(pid_of "$1") ]]; }

# spawn NAME CMD…: detached from the terminal and from the calling shell, pid saved before the command runs
spawn() {
  local name=$1
  shift
  if [[ $(stat -c %s "$DIR/logs/$name.log" 2>/dev/null || echo 0) -gt 20000000 ]]; then
    mv "$DIR/logs/$name.log" "$DIR/logs/$name.log.1"
  fi
  rm -f "$DIR/run/$name.pid"
  # shellcheck disable=SC2016 # expanded by the inner shell
  CONTRIBUTION_STACK=$DIR setsid bash -c 'echo $$ >"$1"; shift; exec "$@"' _ "$DIR/run/$name.pid" "$@" \
    >>"$DIR/logs/$name.log" 2>&1 </dev/null &
  until [[ -s $DIR/run/$name.pid ]] && { running "$name" || ! kill -0 $! 2>/dev/null; }; do sleep 0.05; done
}

# signal NAME SIGNAL SECONDS: true once the process is gone
signal() {
  local pid i
  pid=$(pid_of "$1")
  if [[ -z $pid ]]; then return 0; fi
  kill "-$2" "$pid" 2>/dev/null || true
  for ((i = 0; i < $3 * 10; i++)); do
    # a zombie whose parent does not wait for it is gone as well
    if ! is_ours "$pid" "$1" 2>/dev/null; then
      rm -f "$DIR/run/$1.pid"
      return 0
    fi
    sleep 0.1
  done
  return 1
}

# memory NAME: of one process; PostgreSQL's backends share their buffers, so theirs are counted once
memory() {
  local pid child
  pid=$(pid_of "$1")
  for child in "$pid" $(cat "/proc/$pid/task/"*/children 2>/dev/null); do
    awk '/^Pss:/ { print $2 }' "/proc/$child/smaps_rollup" 2>/dev/null || true
  done | awk '{ kib += $1 } END { printf "%d MiB", kib / 1024 }'
}

status_line() { # NAME PORT
  local pid
  pid=$(pid_of "$1")
  if [[ -z $pid ]]; then
    printf '%-14s down\n' "$1"
    return 1
  fi
  printf '%-14s up    port %-6s pid %-8s %s\n' "$1" "$2" "$pid" "$(memory "$1")"
}
