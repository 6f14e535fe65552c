#!/bin/sh
# A booted mail server that leaves nothing behind. It lives as long as its standard input is open: whatever becomes of the one who started it, the server goes with it.
# Usage: server.sh IMAGE FOLDER [OPTION OF systemd-nspawn]... IMAGE is copied into FOLDER/root; FOLDER is removed at the end.
# FOLDER/nspawn names the process that holds the server, FOLDER/failed the reason why there is none.
set -u
IMAGE=$1
FOLDER=$2
shift 2
NAME="mwserver$$"
TIDY_TRIES_MAX=100

# The end is asked for by closing the input; a Ctrl-C that reaches the whole terminal must not keep the clean-up from happening.
trap '' INT TERM HUP

# Several servers at once need control groups of their own, in whichever hierarchies systemd uses here.
for hierarchy in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
  [ -f "$hierarchy/cgroup.procs" ] && mkdir "$hierarchy/$NAME" 2>/dev/null && echo $$ > "$hierarchy/$NAME/cgroup.procs"
done

tidy() {
  for hierarchy in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
    [ -d "$hierarchy/$NAME" ] || continue
    echo $$ > "$hierarchy/cgroup.procs"
    tries=0
    while [ -d "$hierarchy/$NAME" ] && [ $tries -lt $TIDY_TRIES_MAX ]; do
      find "$hierarchy/$NAME" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.05
      tries=$((tries + 1))
    done
  done
  rm -rf --one-file-system "$FOLDER"
}

cp -a --reflink=auto "$IMAGE" "$FOLDER/root" || { echo 'the image could not be copied' > "$FOLDER/failed"; cat > /dev/null; tidy; exit 1; }
# The signals that are left alone here are none of the server's business.
( trap - INT TERM HUP; exec systemd-nspawn --register=no --keep-unit --private-network --boot --machine="$NAME" --directory="$FOLDER/root" "$@" </dev/null >"$FOLDER/boot.log" 2>&1 ) &
echo $! > "$FOLDER/nspawn.part"
mv "$FOLDER/nspawn.part" "$FOLDER/nspawn"

cat > /dev/null
# Nothing of it is kept, so it need not shut down in order: the end of its first process is the end of all.
kill -9 $(cat "/proc/$!/task/$!/children" 2>/dev/null) 2>/dev/null
wait $!
tidy
