#!/usr/bin/env bash
# `make fresh`: do the two commands of the README suffice on a machine that has Rust and nothing else?
#
# Makes a bare Debian or Ubuntu below <STACK_DIR>/fresh (debootstrap's smallest, with sudo, git and make: no compiler, no
# PostgreSQL, Redis, Java, Maven, curl, ps), with this checkout in it as git sees it, and runs there
#
#   DEMO_ONCE=1 make demo
#   make test
#
# as an ordinary user who may use sudo, and then, in another bare machine, as root: each installs for himself. Then looks
# whether anything was left running, and prints what was downloaded and a table of steps, seconds and exit codes; exit 0
# only if all of them are 0, and 3 where it cannot be tried. Needs root or sudo, and an hour on two idle cores, most of it
# in the compiler.
#
#   FRESH_QUICK=1      for `make check`, some minutes: nothing is compiled in the machines. They get what the host's target
#                      directory holds, at the host's paths, and the host's crates; the demo is a small one with the debug
#                      binaries, `make test` runs one file of tests; and the bare system, packages and jars that an
#                      earlier quick run downloaded are used again (what that leaves to download is printed)
#   FRESH_TARGET=DIR   that target directory (default: cargo's own: CARGO_TARGET_DIR or target/)
#   FRESH_USERS=NAMES  of "visitor root": whose machines
#   FRESH_SUITE=NAME   release of the bare system (default: the host's)
#   FRESH_MIRROR=URL   its archive, the only source of packages then (default: apt's sources, for that release)
#   FRESH_PORT_OFFSET=N  how far above the usual ones the machines' ports lie (default 10000)
#
# A machine has mounts, processes and IPC of its own, which the kernel ends with this script, whichever way that ends. It
# shares the network, and so listens on other ports than a stack on the host. From the host come: the Rust toolchain (read
# only), apt's sources and ways of fetching, name resolution, added certificate authorities, proxies, and the user's
# settings of cargo and Maven. Logs stay in <STACK_DIR>/fresh/logs.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/local/lib.sh"
# shellcheck source-path=SCRIPTDIR
source "$REPO/deploy/fresh/inside.sh"

SELF=$REPO/deploy/fresh-machine.sh
FRESH=$DIR/fresh
QUICK=${FRESH_QUICK:-}
USERS=${FRESH_USERS:-visitor root}
TARGET=$(realpath -m -- "${FRESH_TARGET:-${CARGO_TARGET_DIR:-$REPO/target}}")
HOST_CARGO=${CARGO_HOME:-$HOME/.cargo}
ROOT=$FRESH/machine
# one file of tests that needs PostgreSQL and Kafka
QUICK_TEST=kafka
BASE_PACKAGES=ca-certificates,git,make,sudo
PORTS=()
# the usual ones and FRESH_PORT_OFFSET
for port in STACK_{PG=15432,KAFKA=19092,CONTROLLER=19093,CONNECT=18083,REDIS=16379,API=3020,WORKER=3031} \
  TEST_{PG=15532,KAFKA=19192,CONTROLLER=19193,CONNECT=18183,REDIS=16479}; do
  PORTS+=("${port%=*}_PORT=$((${port#*=} + ${FRESH_PORT_OFFSET:-10000}))")
done

# nothing is wrong, but it cannot be tried here
cannot() {
  printf 'error: %s\n' "$*" >&2
  exit 3
}

# ------------------------------------------------------------------------------------------------ as whoever calls
main() {
  local carried=() name
  for name in $USERS; do
    if [[ $name != visitor && $name != root ]]; then die "FRESH_USERS: $name is none of: visitor root"; fi
  done
  has rustc || die "the machines get the host's Rust, and there is none (rustup)"
  mkdir -p "$DIR"
  FRESH_RUST=$(cd "$REPO" && rustc --print sysroot)
  export FRESH_RUST
  if [[ $QUICK == 1 ]]; then
    # as `make test` builds it, with the same features: the tests of a program build the program too
    say "host: cargo test --no-run"
    (cd "$REPO" && export CARGO_TARGET_DIR=$TARGET && cargo test -q --workspace --locked --no-run)
  fi
  if [[ $(id -u) == 0 ]]; then exec "$SELF" machines; fi
  if ! has sudo || ! sudo ${QUICK:+-n} -v; then
    cannot "a machine below this one needs mount and chroot: call this as root, or with sudo"
  fi
  mapfile -d '' carried < <(env -0 | sed -znE '/^(HOME|PATH|STACK_DIR|FRESH_\w+|CARGO_\w+|MAVEN_\w+|\w+_(proxy|PROXY))=/p')
  exec sudo env "${carried[@]}" "$SELF" machines
}

# ------------------------------------------------------------------------------------------------ as root, on the host
machines() {
  local name rc=0
  mkdir -p "$FRESH/logs"
  exec 8>"$FRESH/.lock"
  flock -n 8 || die "another run uses $FRESH"
  unshare --mount --pid --ipc --fork --propagation private mount -t tmpfs none /mnt 2>/dev/null ||
    cannot "this machine does not let root mount (a container without the rights?): a machine below it cannot be made"
  trap remove_machine EXIT
  trap 'exit 130' INT TERM HUP
  remove_machine
  : >"$FRESH/results"
  : >"$FRESH/downloads.txt"
  make_base
  for name in $USERS; do
    if [[ $QUICK != 1 ]]; then rm -rf "$FRESH/downloads"; fi
    mkdir -p "$FRESH/downloads"/{archives/partial,m2}
    say "$name: a bare machine"
    cp -a "$FRESH/base" "$ROOT"
    in_namespaces "$SELF" inside "$name" || rc=1
    remove_machine
  done
  print_results
  exit "$rc"
}

# Runs a command as the first process of namespaces of its own: when it ends, or this script does, the kernel ends every
# process in there and takes down the mounts. In the background, as a signal would wait for a command in front.
in_namespaces() {
  local rc=0
  env --default-signal setpriv --pdeathsig KILL \
    unshare --mount --pid --ipc --fork --kill-child --propagation private --mount-proc "$@" </dev/null 8>&- &
  MACHINE=$!
  wait "$MACHINE" || rc=$?
  MACHINE=""
  return "$rc"
}

remove_machine() {
  if [[ -n ${MACHINE:-} ]]; then
    kill -KILL "$MACHINE" 2>/dev/null || true
    wait "$MACHINE" 2>/dev/null || true
  fi
  # files of a process that is just being ended may still come in
  rm -rf --one-file-system "$ROOT" 2>/dev/null || rm -rf --one-file-system "$ROOT"
  rm -rf --one-file-system "$FRESH/layer"
}

# the bare system; a quick run uses it again, as nothing of what is proved is in it
make_base() {
  local suite mirror stamp
  if ! has debootstrap; then install_debootstrap; fi
  suite=${FRESH_SUITE:-$(codename)}
  mirror=${FRESH_MIRROR:-$(apt_mirror)}
  [[ -n $suite && -n $mirror ]] || die "apt's sources name no archive of this release: set FRESH_SUITE and FRESH_MIRROR"
  stamp="$suite $mirror $BASE_PACKAGES"
  if [[ $QUICK == 1 && $(cat "$FRESH/base/.stamp" 2>/dev/null) == "$stamp" ]]; then return; fi
  say "debootstrap: $suite …"
  rm -rf --one-file-system "$FRESH/base" "$FRESH/downloads"
  # it fetches by wget, which does not know apt's proxy
  http_proxy=${http_proxy:-$(apt-config shell P Acquire::http::Proxy | sed "s/^P='\(.*\)'$/\1/")} \
    logged debootstrap --variant=minbase --include="$BASE_PACKAGES" "$suite" "$FRESH/base" "$mirror"
  rm -f "$FRESH/base/var/cache/apt/archives/"*.deb
  echo "$stamp" >"$FRESH/base/.stamp"
}

install_debootstrap() {
  has apt-get || die "debootstrap is missing, and there is no apt-get here: install it by hand"
  say "apt-get install debootstrap …"
  logged apt-get -q update
  logged apt-get -qy install --no-install-recommends debootstrap
}

logged() { # CMD…: quiet unless it fails
  "$@" >"$FRESH/logs/base.log" 2>&1 </dev/null 8>&- || {
    tail -n 20 "$FRESH/logs/base.log" >&2
    die "$1 failed: the whole log is $FRESH/logs/base.log"
  }
}

codename() { sed -n 's/^VERSION_CODENAME=//p' /etc/os-release; }

# the archive that the host has its own release from
apt_mirror() {
  # shellcheck disable=SC2016 # apt's own placeholders
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v suite="$(codename)" '$1 == suite && $2 == "main" && !found { print $3; found = 1 }'
}

print_results() {
  echo
  cat "$FRESH/downloads.txt"
  echo
  {
    echo "user|step|seconds|exit code"
    cat "$FRESH/results"
  } | awk -F'|' '{ printf "%-9s%-24s%9s%11s\n", $1, $2, $3, $4 }'
}

case ${1:-} in
  "") main ;;
  machines) machines ;;
  inside) inside "$2" ;;
  *)
    sed -n '2,/^set/ s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
