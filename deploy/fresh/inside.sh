# shellcheck shell=bash
# A bare machine from inside: what it has, and the two commands. Sourced by fresh-machine.sh, which calls `inside` as the
# first process of namespaces of its own: what is mounted here nobody else sees.
inside() {
  local rc=0 before
  NAME=$1
  trap 'exit 130' INT TERM
  set -E
  trap 'say "$NAME: failed in line $LINENO: $BASH_COMMAND"' ERR
  HOMEDIR=/home/$NAME
  if [[ $NAME == root ]]; then HOMEDIR=/root; fi
  WORK=$HOMEDIR/contribution CARGO=$HOMEDIR/.cargo TEST_ARGS=""
  if [[ $QUICK == 1 ]]; then WORK=$REPO CARGO=$HOST_CARGO TEST_ARGS="ARGS='--test $QUICK_TEST'"; fi

  mount_system
  bring_network
  if [[ $NAME != root ]]; then
    within useradd -m -s /bin/bash "$NAME"
    echo "$NAME ALL=(ALL) NOPASSWD: ALL" >"$ROOT/etc/sudoers.d/$NAME"
  fi
  bring_checkout
  bring_settings
  mount_downloads
  within chown -hR "$NAME:" "$HOMEDIR" "$WORK" "$CARGO"
  if [[ $QUICK == 1 ]]; then
    bring_compiled
    mount_crates
    # nobody needs this machine after a power cut
    echo force-unsafe-io >"$ROOT/etc/dpkg/dpkg.cfg.d/unsafe-io"
  fi

  before=$(downloaded)
  step demo "DEMO_ONCE=1 make demo" || rc=1
  step "test" "make test $TEST_ARGS" || rc=1
  nothing_runs || rc=1
  note_downloads "$before" "$(downloaded)"
  exit "$rc"
}

within() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb chroot "$ROOT" "$@"; }

# Runs the command as somebody who has just logged in types it.
step() { # NAME COMMAND
  local log=$FRESH/logs/$NAME-$1.log pid next=30 rc=0 t0=$SECONDS
  say "$NAME: $2"
  within su - "$NAME" -c "cd '$WORK' && $2" >"$log" 2>&1 &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.5
    if ((SECONDS - t0 >= next)); then
      say "  … $((SECONDS - t0)) s: $(tail -n 1 "$log" | cut -c1-100)"
      next=$((next + 30))
    fi
  done
  wait "$pid" || rc=$?
  if ((rc != 0)); then
    tail -n 40 "$log" >&2
    say "$NAME: $2: FAILED ($rc), the whole log is $log"
  fi
  echo "$NAME|make $1|$((SECONDS - t0))|$rc" >>"$FRESH/results"
  return "$rc"
}

# Both commands stop what they started: no process is left but this one.
nothing_runs() {
  local pid command rc=0
  for pid in /proc/[0-9]*; do
    command=$(tr '\0' ' ' <"$pid/cmdline" 2>/dev/null || true)
    if [[ ${pid#/proc/} != 1 && -n $command ]]; then
      say "$NAME: left running: ${command:0:150}"
      rc=1
    fi
  done
  echo "$NAME|nothing left running||$rc" >>"$FRESH/results"
  return "$rc"
}

# ------------------------------------------------------------------------------------------------ what a machine has
mount_system() {
  local node
  mount -t proc proc "$ROOT/proc"
  mount --bind -o ro /sys "$ROOT/sys"
  mount -t tmpfs -o mode=755 none "$ROOT/dev"
  for node in null zero full random urandom tty; do
    : >"$ROOT/dev/$node"
    mount --bind "/dev/$node" "$ROOT/dev/$node"
  done
  mkdir "$ROOT/dev"/{pts,shm}
  mount -t devpts -o newinstance,ptmxmode=0666 none "$ROOT/dev/pts"
  mount -t tmpfs -o mode=1777 none "$ROOT/dev/shm"
  ln -s pts/ptmx "$ROOT/dev/ptmx"
  ln -s /proc/self/fd "$ROOT/dev/fd"
  for node in in:0 out:1 err:2; do ln -s "/proc/self/fd/${node#*:}" "$ROOT/dev/std${node%:*}"; done
  mount_read_only "$FRESH_RUST" /opt/rust
}

mount_read_only() { # WHAT WHERE
  mkdir -p "$ROOT$2"
  mount --bind "$1" "$ROOT$2"
  mount -o remount,bind,ro "$ROOT$2"
}

bring_network() {
  local file
  for file in resolv.conf hosts hostname; do
    if [[ -e /etc/$file ]]; then
      rm -f "$ROOT/etc/$file"
      cp -L "/etc/$file" "$ROOT/etc/$file"
    fi
  done
  bring_sources
  # how to fetch, not what else the host hooks into apt
  apt-config dump | grep '^Acquire::' | grep -v '^Acquire::IndexTargets' >"$ROOT/etc/apt/apt.conf.d/90host"
  if [[ -d /usr/local/share/ca-certificates ]]; then
    cp -rL /usr/local/share/ca-certificates "$ROOT/usr/local/share/"
    within update-ca-certificates >/dev/null 2>&1
  fi
}

# Where packages come from: as on the host, of the machine's release.
bring_sources() {
  local file suite
  if [[ -n ${FRESH_MIRROR:-} ]]; then return; fi
  rm -rf "$ROOT/etc/apt"/sources.list*
  for file in sources.list sources.list.d auth.conf auth.conf.d keyrings trusted.gpg trusted.gpg.d; do
    if [[ -e /etc/apt/$file ]]; then cp -rL "/etc/apt/$file" "$ROOT/etc/apt/"; fi
  done
  cp -rLn /usr/share/keyrings/. "$ROOT/usr/share/keyrings/"
  read -r suite _ <"$ROOT/.stamp"
  find "$ROOT/etc/apt" -name '*.list' -o -name '*.sources' | while IFS= read -r file; do
    sed -i "s/\b$(codename)\b/$suite/g" "$file"
  done
}

# what git would clone, and on top what is changed here and not committed yet; the files keep their times
bring_checkout() {
  local file
  make_way "$WORK"
  git -C "$REPO" -c safe.directory="$REPO" ls-files -z --cached --others --exclude-standard |
    while IFS= read -rd '' file; do
      if [[ -e $REPO/$file ]]; then printf '%s\0' "$file"; fi
    done | tar -C "$REPO" --null -T - --format=posix -c | tar -x --no-same-owner -C "$ROOT$WORK"
}

# how the user's cargo and Maven fetch, and the variables of the session
bring_settings() {
  local file line
  make_way "$CARGO"
  mkdir -p "$ROOT$HOMEDIR/.m2"
  for file in config config.toml; do
    if [[ -f $HOST_CARGO/$file ]]; then cp -L "$HOST_CARGO/$file" "$ROOT$CARGO/"; fi
  done
  for file in settings.xml settings-security.xml; do
    if [[ -f $HOME/.m2/$file ]]; then cp -L "$HOME/.m2/$file" "$ROOT$HOMEDIR/.m2/"; fi
  done
  {
    # shellcheck disable=SC2016 # for the login shell
    echo 'export PATH="/opt/rust/bin:$PATH"'
    printf 'export %s\n' "${PORTS[@]}"
    env -0 | sed -znE '/^(\w+_(proxy|PROXY)|MAVEN_(OPTS|ARGS)|CARGO_(REGISTR|SOURCE|HTTP|NET)\w*)=/p' |
      while IFS= read -rd '' line; do printf 'export %s=%q\n' "${line%%=*}" "${line#*=}"; done
    if [[ $QUICK == 1 ]]; then
      printf 'export CARGO_HOME=%q CARGO_TARGET_DIR=%q STACK_BIN=%q\n' "$CARGO" "$TARGET" "$TARGET/debug"
      echo "export DEMO_USERS=400 DEMO_ADOPTIONS=1000 DEMO_LIVE=200"
    fi
  } >>"$ROOT$HOMEDIR/.profile"
}

# Compiled code is current only where it was compiled: checkout, crates and target directory have the host's paths. The
# host's directory lies below a layer that takes what is written here.
bring_compiled() {
  local layer=$FRESH/layer
  make_way "$TARGET"
  rm -rf --one-file-system "$layer"
  mkdir -p "$layer"/{upper,work}
  mount -t overlay overlay -o "lowerdir=$TARGET,upperdir=$layer/upper,workdir=$layer/work" "$ROOT$TARGET"
  # what a build writes into; a file that changes hands is copied into the layer, and these are small
  within chown "$NAME:" "$TARGET"
  within find "$TARGET/debug" \( -type d -o -path '*/.fingerprint/*' -o -name .cargo-lock \) -exec chown -h "$NAME:" {} +
}
mount_crates() { mount_read_only "$HOST_CARGO/registry" "$CARGO/registry"; }

# makes a directory, and for an ordinary user opens the way to it: a host path may lead through /root
make_way() {
  local path=$1
  mkdir -p "$ROOT$path"
  if [[ $NAME == root ]]; then return; fi
  while [[ $path != / ]]; do
    path=$(dirname "$path")
    chmod a+x "$ROOT$path"
  done
}

# ------------------------------------------------------------------------------------------------ downloads
mount_downloads() {
  mkdir -p "$ROOT$HOMEDIR/.m2/repository"
  mount --bind "$FRESH/downloads/archives" "$ROOT/var/cache/apt/archives"
  mount --bind "$FRESH/downloads/m2" "$ROOT$HOMEDIR/.m2/repository"
}

# MB of packages, of what Maven fetched, of crates
downloaded() {
  local dir
  for dir in "$FRESH/downloads/archives" "$FRESH/downloads/m2" "$ROOT$CARGO/registry/cache"; do
    { du -sb "$dir" 2>/dev/null || echo 0; } | awk '{ printf "%d ", $1 / 1e6 + 0.5 }'
  done
}

note_downloads() { # BEFORE AFTER
  local before after what i=0 text="" sum=0 kept=0 note=""
  read -ra before <<<"$1"
  read -ra after <<<"$2"
  for what in "packages" "jars and Maven's plugins" "crates"; do
    text+="${text:+, }$((after[i] - before[i])) MB $what"
    sum=$((sum + after[i] - before[i])) kept=$((kept + before[i])) i=$((i + 1))
  done
  if ((kept > 0)); then note="; $kept MB were there already"; fi
  echo "$NAME downloaded $sum MB: $text$note" >>"$FRESH/downloads.txt"
}
