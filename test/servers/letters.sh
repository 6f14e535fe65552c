#!/bin/sh
# Runs on a booted server. Sends letters that tell which they are, and notes each that was taken in /run/letters.NAME.
# Usage: letters.sh NAME ROUNDS ADDRESS... With 0 rounds it goes on until /run/letters.stop is there.
set -eu
name=$1
rounds=$2
shift 2
round=0
while :; do
  round=$((round + 1))
  for address in "$@"; do
    letter="$name-$round-${address%%@*}"
    swaks --server 127.0.0.1 --silent 2 --from sender@example.test --to "$address" --header "Message-Id: <$letter@letters.test>" --body 'A letter.'
    echo "$letter" >> "/run/letters.$name"
  done
  if [ "$rounds" -gt 0 ]; then
    [ "$round" -lt "$rounds" ] || exit 0
  else
    [ ! -e /run/letters.stop ] || exit 0
    sleep 1 # Mail keeps coming; how fast a server can take it is nothing to try here.
  fi
done
