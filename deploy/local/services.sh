# shellcheck shell=bash
# The four servers: how each is prepared, launched, asked whether it is ready, and stopped. Sourced by stack.sh.
SERVICES=(postgres redis kafka connect)

require_installed() {
  PGBIN=$(postgres_bin)
  JAVA=$(find_java)
  if [[ -z $PGBIN && -e $DIR/data/pg/PG_VERSION ]]; then
    die "the data in $DIR is PostgreSQL $(cat "$DIR/data/pg/PG_VERSION")'s, which is not installed: install it, or reset"
  fi
  if [[ -z $PGBIN || -z $JAVA ]] || ! has redis-server || ! jars_complete; then
    die "something is missing here: run  $HERE/stack.sh install  first"
  fi
}

# PostgreSQL refuses to run as root; there it runs as the user that its package made
as_pg() {
  if [[ $(id -u) == 0 ]]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi
}
psql_() { PGPASSWORD=postgres "${PGBIN:-$(postgres_bin)}/psql" -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$PG_PORT" -U postgres "$@"; }

# ------------------------------------------------------------------------------------------------ prepare
render() { # TEMPLATE: to stdout
  local text
  text=$(<"$HERE/conf/$1.tmpl")
  text=${text//@DIR@/"$DIR"}
  text=${text//@JARS@/"$JARS"}
  text=${text//@PG_PORT@/"$PG_PORT"}
  text=${text//@KAFKA_PORT@/"$KAFKA_PORT"}
  text=${text//@CONTROLLER_PORT@/"$CONTROLLER_PORT"}
  text=${text//@CONNECT_PORT@/"$CONNECT_PORT"}
  printf '%s\n' "${text//@REDIS_PORT@/"$REDIS_PORT"}"
}

# rendered at every start: the ports may have changed since
prepare() {
  mkdir -p "$DIR"/{conf,logs,run,data/redis,data/kafka}
  if [[ $(id -u) == 0 ]]; then chmod 755 "$DIR" "$DIR/data"; fi
  case $1 in
    postgres) prepare_postgres ;;
    redis) render redis.conf >"$DIR/conf/redis.conf" ;;
    kafka) prepare_kafka ;;
    connect) render connect.properties >"$DIR/conf/connect.properties" ;;
  esac
}

prepare_postgres() {
  local data=$DIR/data/pg
  if [[ ! -s $data/PG_VERSION ]]; then
    say "postgres: making the cluster in $DIR/data/pg ($PGBIN)"
    place_postgres_data
    make_cluster "$(readlink -f "$data")"
  fi
  grep -qx "include 'stack.conf'" "$data/postgresql.conf" || echo "include 'stack.conf'" >>"$data/postgresql.conf"
  render postgresql.conf >"$data/stack.conf"
  chmod 644 "$data/stack.conf"
}

make_cluster() {
  local password rc=0
  password=$(mktemp)
  echo postgres >"$password"
  if [[ $(id -u) == 0 ]]; then chown postgres "$password"; fi
  (cd / && as_pg "$PGBIN/initdb" -D "$1" -U postgres -E UTF8 --locale=C.UTF-8 -A scram-sha-256 --pwfile="$password") \
    >"$DIR/logs/initdb.log" 2>&1 || rc=$?
  rm -f "$password"
  if ((rc != 0)); then
    tail_log initdb
    die "initdb failed"
  fi
}

# Where user postgres cannot go (a checkout below a home directory of mode 700), the data has to lie somewhere else.
place_postgres_data() {
  local data=$DIR/data/pg place
  if [[ $(id -u) == 0 ]] && ! (cd / && as_pg test -x "$DIR/data"); then
    place=$(elsewhere)
    say "postgres: user postgres cannot enter $DIR: the data lies in $place, linked from data/pg"
    mkdir -p "$place"
    chmod 755 "$(dirname "$place")"
    ln -sfn "$place" "$data"
  fi
  mkdir -p "$data/"
  chmod 700 "$data/"
  if [[ $(id -u) == 0 ]]; then chown postgres:postgres "$data/"; fi
}
elsewhere() { echo "/var/lib/contribution-stack/$(sha256sum <<<"$DIR" | cut -c1-12)"; }

prepare_kafka() {
  render server.properties >"$DIR/conf/server.properties"
  cp "$HERE/conf/log4j2.properties" "$DIR/conf/"
  if [[ -s $DIR/data/kafka/meta.properties ]]; then return; fi
  say "kafka: formatting $DIR/data/kafka"
  # the cluster's id is 16 bytes in base64; made from the directory, so that no two stacks share one
  "$JAVA" -Xmx128m -Dlog4j2.configurationFile="$DIR/conf/log4j2.properties" -cp "$JARS/kafka/*" kafka.tools.StorageTool \
    format -t "$(sha256sum <<<"$DIR $KAFKA_PORT" | cut -c1-21)A" -c "$DIR/conf/server.properties" \
    >"$DIR/logs/format.log" 2>&1 || {
    tail_log format
    die "formatting Kafka's storage failed"
  }
}

# ------------------------------------------------------------------------------------------------ start
port_of() {
  case $1 in
    postgres) echo "$PG_PORT" ;;
    redis) echo "$REDIS_PORT" ;;
    kafka) echo "$KAFKA_PORT" ;;
    connect) echo "$CONNECT_PORT" ;;
    *) die "no server called $1; there are: ${SERVICES[*]}" ;;
  esac
}

need_ports_of() {
  need_port "$(port_of "$1")" "$(tr '[:lower:]' '[:upper:]' <<<"STACK_${1/postgres/pg}_PORT")" "$1"
  if [[ $1 == kafka ]]; then need_port "$CONTROLLER_PORT" STACK_CONTROLLER_PORT "Kafka's controller"; fi
}

# what runs already must run on the ports that are asked for now
need_same_port() {
  local was
  was=$(cat "$DIR/run/$1.port" 2>/dev/null || true)
  if [[ -n $was && $was != "$(port_of "$1")" ]]; then
    die "$1 of this stack runs on port $was, not $(port_of "$1"): stop it first, or set the port back"
  fi
}

launch() {
  prepare "$1"
  case $1 in
    postgres)
      # the shell opens the log, as user postgres may not be allowed to
      (cd / && as_pg "$PGBIN/pg_ctl" -s -w -t 120 -D "$(readlink -f "$DIR/data/pg")" start) \
        >>"$DIR/logs/postgres.log" 2>&1 </dev/null || {
        tail_log postgres
        die "postgres did not start"
      }
      ;;
    redis) (cd "$DIR/data/redis" && spawn redis redis-server "$DIR/conf/redis.conf") ;;
    kafka) launch_java kafka kafka.Kafka "$DIR/conf/server.properties" ;;
    connect) launch_java connect org.apache.kafka.connect.cli.ConnectDistributed "$DIR/conf/connect.properties" ;;
  esac
  port_of "$1" >"$DIR/run/$1.port"
}

launch_java() { # NAME MAIN-CLASS CONF
  local heap=${STACK_HEAP:-512m}
  spawn "$1" "$JAVA" -Xms128m "-Xmx$heap" -XX:+UseG1GC -XX:+ExitOnOutOfMemoryError "-Dcontribution.stack=$DIR/$1" \
    -Dlog4j2.configurationFile="$DIR/conf/log4j2.properties" -cp "$JARS/kafka/*" "$2" "$3"
}

await() {
  case $1 in
    postgres)
      wait_for 60 postgres psql_ -d postgres -c 'SELECT 1'
      make_databases
      ;;
    redis) wait_for 20 redis answers redis ;;
    kafka) wait_for 120 kafka answers kafka ;;
    connect) wait_for 180 connect answers connect ;;
  esac
}

answers() {
  listening "$(port_of "$1")" || return 1
  case $1 in
    redis) redis-cli -p "$REDIS_PORT" ping ;;
    # /connectors answers only once the worker has joined its group; / answers earlier
    connect) curl -fsS -m 5 "http://127.0.0.1:$CONNECT_PORT/connectors" ;;
  esac
}

make_databases() {
  local name
  for name in rwa_contribution upstream; do
    if [[ -z $(psql_ -d postgres -Atc "SELECT 1 FROM pg_database WHERE datname = '$name'") ]]; then
      psql_ -d postgres -c "CREATE DATABASE $name"
      say "postgres: database $name created"
    fi
  done
  PGOPTIONS='-c client_min_messages=warning' psql_ -d upstream -1 -f "$HERE/sql/upstream.sql"
}

# ------------------------------------------------------------------------------------------------ stop
stop_one() {
  if ! running "$1"; then
    say "$1 does not run"
    return
  fi
  case $1 in
    # fast: closes the connections that are open and ends with a checkpoint
    postgres) signal postgres INT 60 || signal postgres QUIT 10 || die "postgres does not stop" ;;
    *)
      signal "$1" TERM 30 || {
        say "$1 did not stop within 30 s: killed"
        signal "$1" KILL 5
      }
      ;;
  esac
  rm -f "$DIR/run/$1.port"
  say "$1 stopped"
}

kill_one() {
  local pid child children
  pid=$(pid_of "$1")
  if [[ -z $pid ]]; then die "$1 does not run"; fi
  children=$(cat "/proc/$pid/task/"*/children 2>/dev/null || true)
  signal "$1" KILL 5
  # PostgreSQL's processes end by themselves after their parent; until then a new one could not start
  for child in $children; do
    while kill -0 "$child" 2>/dev/null; do sleep 0.1; done
  done
  rm -f "$DIR/run/$1.port"
  say "$1 killed (pid $pid)"
}
