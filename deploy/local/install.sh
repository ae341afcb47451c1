# shellcheck shell=bash
# `stack.sh install`: apt packages and jars, only what is missing. Sourced by stack.sh.

# what a bare Debian or Ubuntu lacks, as "test|package"
PACKAGES=(
  'has_postgres|postgresql'
  'has redis-server|redis-server'
  'has_java|default-jre-headless'
  'has curl|curl'
  'has jq|jq'
  # building the workspace: librdkafka is compiled from the crate's own sources
  'has cc && has g++|build-essential'
  'has make|make'
  'has perl|perl'
  'has pkg-config|pkg-config'
  'test -e /usr/include/zlib.h|zlib1g-dev'
  # a test runs docs/examples
  'has python3|python3'
  # and one clients/typescript
  '[[ -z ${STACK_NODE:-} ]] || has_node|npm'
  # and one schemathesis
  '[[ -z ${STACK_NODE:-} ]] || has_venv|python3-venv'
)

has_postgres() { [[ -n $(postgres_bin) ]]; }
has_java() { [[ -n $(find_java) ]]; }
has_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null; }
has_node() { has npm && has node && [[ $(node -p 'parseInt(process.versions.node)') -ge 18 ]]; }

# directory of the newest PostgreSQL from 15 on; of the data's own version once there is data
postgres_bin() {
  local dir major found=0 needed
  needed=$(cat "$DIR/data/pg/PG_VERSION" 2>/dev/null || true)
  for dir in /usr/lib/postgresql/*/bin; do
    major=${dir#/usr/lib/postgresql/}
    major=${major%/bin}
    if [[ ! -x $dir/initdb || ! $major =~ ^[0-9]+$ ]]; then continue; fi
    if ((major >= 15 && major > found)) && [[ ${needed:-$major} == "$major" ]]; then found=$major; fi
  done
  if ((found)); then echo "/usr/lib/postgresql/$found/bin"; fi
}

# the first Java from 17 on; its version is read from the `release` file, as asking a JVM takes a third of a second
find_java() {
  local java home major
  for java in ${JAVA_HOME:+"$JAVA_HOME/bin/java"} "$(command -v java || true)" /usr/lib/jvm/*/bin/java; do
    if [[ ! -x $java ]]; then continue; fi
    home=$(dirname "$(dirname "$(readlink -f "$java")")")
    major=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release" 2>/dev/null || true)
    if [[ ${major:-0} -ge 17 ]]; then
      echo "$home/bin/java"
      return
    fi
  done
}

install_all() {
  local t0
  t0=$(now)
  install_packages
  if ! jars_complete; then fetch_all_jars; fi
  say "install: all there ($(since "$t0"))"
}

# ------------------------------------------------------------------------------------------------ packages
install_packages() {
  local entry missing=()
  for entry in "${PACKAGES[@]}"; do
    # shellcheck disable=SC2294 # the table's tests are code
    if ! eval "${entry%|*}"; then missing+=("${entry##*|}"); fi
  done
  if ! jars_complete && ! has mvn; then missing+=(maven); fi
  if ((${#missing[@]} == 0)); then return; fi

  has apt-get || die "missing: ${missing[*]}; there is no apt-get here, install them by hand"
  AS_ROOT=()
  if [[ $(id -u) != 0 ]]; then
    has sudo || die "missing: ${missing[*]}; there is no sudo here: as root, run  apt-get install ${missing[*]}"
    AS_ROOT=(sudo)
    sudo -v || die "missing: ${missing[*]}; sudo was refused: as root, run  apt-get install ${missing[*]}"
  fi
  slowly "apt-get update" last_line apt_get update
  quietly_install "${missing[@]}"
  has_postgres || die "the PostgreSQL that apt offers is older than 15: add the project's own archive with" \
    "/usr/share/postgresql-common/pgdg/apt.postgresql.org.sh and call this again"
  has_java || die "the Java that apt offers is older than 17: install openjdk-17-jre-headless or newer and call this again"
  [[ -z ${STACK_NODE:-} ]] || has_node || die "the Node.js that apt offers is older than 18: install 18 or newer, with npm," \
    "and call this again"
}

# sudo drops the proxies
apt_get() {
  "${AS_ROOT[@]}" env DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} \
    ${https_proxy:+https_proxy="$https_proxy"} apt-get -q -o DPkg::Lock::Timeout=300 "$@"
}
last_line() { tail -n 1 "$1" | cut -c1-100; }

# The packages start their servers on the usual ports: they must not, neither now nor at the next boot, and PostgreSQL's
# must not create a cluster. All that is put in the way for this is taken away again.
quietly_install() {
  local packages=("$@") first=() p had_redis=no
  if has redis-server; then had_redis=yes; fi
  trap restore_apt_defaults EXIT
  if [[ ! -e /usr/sbin/policy-rc.d ]]; then
    printf '#!/bin/sh\nexit 101\n' | "${AS_ROOT[@]}" tee /usr/sbin/policy-rc.d >/dev/null
    "${AS_ROOT[@]}" chmod 755 /usr/sbin/policy-rc.d
    OUR_POLICY=yes
  fi
  for p in "${packages[@]}"; do
    if [[ $p == postgresql ]]; then first+=(postgresql-common); else first+=("$p"); fi
  done
  slowly "apt-get install ${first[*]}" last_line apt_get install -y --no-install-recommends "${first[@]}"
  if [[ " ${packages[*]} " == *" postgresql "* ]]; then
    "${AS_ROOT[@]}" cp -a "$CREATECLUSTER" "$CREATECLUSTER.before-stack"
    echo 'create_main_cluster = false' | "${AS_ROOT[@]}" tee -a "$CREATECLUSTER" >/dev/null
    slowly "apt-get install postgresql" last_line apt_get install -y --no-install-recommends postgresql
  fi
  restore_apt_defaults
  trap - EXIT
  if [[ $had_redis == no && -d /run/systemd/system ]]; then
    "${AS_ROOT[@]}" systemctl disable --now --quiet redis-server || true
  fi
}

CREATECLUSTER=/etc/postgresql-common/createcluster.conf
OUR_POLICY=no
restore_apt_defaults() {
  if [[ $OUR_POLICY == yes ]]; then "${AS_ROOT[@]}" rm -f /usr/sbin/policy-rc.d; fi
  if [[ -e $CREATECLUSTER.before-stack ]]; then "${AS_ROOT[@]}" mv "$CREATECLUSTER.before-stack" "$CREATECLUSTER"; fi
}

# ------------------------------------------------------------------------------------------------ jars
# A directory is complete when it holds the checksum of what it was made from: `copy-dependencies` would leave old jars
# behind when a version changes, and an interrupted download half a directory.
jars_pom() { echo "$HERE/pom/${1#plugins/}.xml"; }
# the Connect worker brings these: a second copy in a plugin's directory only wastes memory
jars_excluded() {
  local brought=kafka-clients,connect-api,slf4j-api,lz4-java,snappy-java,zstd-jni,jakarta.ws.rs-api
  case $1 in
    # Hibernate finds the worker's modules of Jackson, which a second databind refuses
    plugins/debezium-jdbc) echo "$brought,jackson-core,jackson-databind,jackson-annotations" ;;
    plugins/*) echo "$brought" ;;
  esac
}
jars_stamp() { { cat "$(jars_pom "$1")"; jars_excluded "$1"; } | sha256sum | cut -c1-16; }
jars_current() { [[ $(cat "$JARS/$1/.stamp" 2>/dev/null) == "$(jars_stamp "$1")" ]]; }

jars_complete() {
  jars_current kafka && jars_current plugins/debezium-postgres &&
    { [[ -z ${STACK_SINK:-} ]] || jars_current plugins/debezium-jdbc; }
}

fetch_all_jars() {
  mkdir -p "$JARS/plugins"
  # two stacks that share the jars may install at the same time
  exec 9>"$JARS/.lock"
  flock -n 9 || {
    say "waiting for another install that fills $JARS"
    flock 9
  }
  fetch_jars kafka "Apache Kafka and Kafka Connect"
  fetch_jars plugins/debezium-postgres "Debezium's PostgreSQL connector"
  if [[ -n ${STACK_SINK:-} ]]; then fetch_jars plugins/debezium-jdbc "Debezium's JDBC sink"; fi
  exec 9>&-
}

fetch_jars() { # SET WHAT
  local into=$JARS/$1 excluded
  if jars_current "$1"; then return; fi
  excluded=$(jars_excluded "$1")
  rm -rf "$into.part"
  mkdir -p "$into.part"
  JAVA_HOME=$(dirname "$(dirname "$(find_java)")") slowly "jars of $2 by Maven" jars_so_far \
    mvn -B -f "$(jars_pom "$1")" dependency:copy-dependencies -DincludeScope=runtime \
    ${excluded:+-DexcludeArtifactIds="$excluded"} -DoutputDirectory="$into.part"
  jars_stamp "$1" >"$into.part/.stamp"
  rm -rf "$into"
  mv "$into.part" "$into"
  say "  $(find "$into" -name '*.jar' | wc -l) jars, $(du -sh "$into" | cut -f1)"
}

jars_so_far() {
  local downloaded
  downloaded=$(grep -cE '^(\[INFO\] )?Downloaded .*\.jar' "$1" || true)
  echo "$downloaded jars downloaded, $(grep -c 'Copying ' "$1" || true) in place"
}
