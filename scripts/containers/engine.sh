#!/bin/sh
# A container engine of our own that leaves nothing behind. It lives as long as its standard input is open: whatever becomes of the one who started it, the engine goes with it.
# Usage: engine.sh PROGRAMS FOLDER. PROGRAMS is where Debian's packages were unpacked; FOLDER holds everything that the engine writes, its socket `docker.sock` too, and is removed at the end.
# Processes and mounts live in namespaces of their own, so the kernel ends and unmounts them all when the first of them ends. Only the bridge and the control groups are the machine's.
set -u
PROGRAMS=$1
FOLDER=$2
NAME="mwtest$$"
TIDY_TRIES_MAX=50

# The end is asked for by closing the input; a Ctrl-C that reaches the whole terminal must not keep the clean-up from happening.
trap '' INT TERM HUP

fail() { printf '%s\n' "$1" > "$FOLDER/failed"; }

# A network that no route of this machine knows yet.
free_network() {
  number=$(($$ % 256)); tries=0
  while [ $tries -lt 256 ]; do
    ip -4 route show table all | grep -q "10\.213\.$number\." || { printf '10.213.%s.1/24' "$number"; return 0; }
    number=$(((number + 1) % 256)); tries=$((tries + 1))
  done
  return 1
}

tidy() {
  ip link del "$NAME" 2>/dev/null
  for group in "/sys/fs/cgroup/$NAME" /sys/fs/cgroup/*/"$NAME"; do
    tries=0
    while [ -d "$group" ] && [ $tries -lt $TIDY_TRIES_MAX ]; do
      find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.05
      tries=$((tries + 1))
    done
  done
  rm -rf --one-file-system "$FOLDER"
}

PATH="$PROGRAMS/usr/sbin:$PROGRAMS/usr/bin:$PATH:/usr/sbin:/sbin"
for libraries in "$PROGRAMS"/lib/*-linux-gnu "$PROGRAMS"/usr/lib/*-linux-gnu; do [ -d "$libraries" ] && LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$libraries"; done
export PATH LD_LIBRARY_PATH

network=$(free_network) && ip link add "$NAME" type bridge 2>"$FOLDER/engine.log" && ip addr add "$network" dev "$NAME" 2>>"$FOLDER/engine.log" && ip link set "$NAME" up 2>>"$FOLDER/engine.log"
if [ $? -ne 0 ]; then fail "no network bridge could be made: $(tail -n 1 "$FOLDER/engine.log")"; cat >/dev/null; tidy; exit 1; fi

# Ports are published on the loopback alone, by the engine's own proxy: no packet filter of the machine is touched, and no forwarding switched on.
printf 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]\n' > "$FOLDER/containerd.toml"
# Older engines write a key of theirs into /etc unless they are told where; newer ones have none and do not know the setting.
case "$(dockerd --version 2>/dev/null)" in
  *'version 20.'*|*'version 23.'*) printf '{"deprecated-key-path": "%s"}' "$FOLDER/key.json" ;;
  *) printf '{}' ;;
esac > "$FOLDER/daemon.json"
unshare --mount --pid --fork --mount-proc --kill-child sh -c '
  FOLDER=$0 NAME=$1
  mount -t tmpfs -o mode=755 tmpfs /run
  containerd --config "$FOLDER/containerd.toml" --root "$FOLDER/containerd" --state "$FOLDER/containerd-state" --address "$FOLDER/containerd.sock" --log-level warn >>"$FOLDER/engine.log" 2>&1 &
  { dockerd --config-file "$FOLDER/daemon.json" --containerd "$FOLDER/containerd.sock" --data-root "$FOLDER/data" --exec-root "$FOLDER/exec" --pidfile "$FOLDER/dockerd.pid" --host "unix://$FOLDER/docker.sock" \
    --bridge "$NAME" --ip 127.0.0.1 --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false --cgroup-parent "$NAME" --log-level warn >>"$FOLDER/engine.log" 2>&1
    printf "dockerd ended: %s\n" "$(tail -n 1 "$FOLDER/engine.log")" > "$FOLDER/failed"; } &
  cat >/dev/null' "$FOLDER" "$NAME" 2>>"$FOLDER/engine.log" || fail "the engine could not be set apart: $(tail -n 1 "$FOLDER/engine.log")"
# When it could not even begin, the starter has still to read why.
[ -S "$FOLDER/docker.sock" ] || cat >/dev/null
tidy
