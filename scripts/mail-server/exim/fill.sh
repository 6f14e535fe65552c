#!/bin/sh
# Runs once on the booted server: mail that puts something real into every store. It returns when all of it has arrived.
set -eu

send() { swaks --server 127.0.0.1 --silent 2 --from "$1" --to "$2" --header "Subject: $3" --body "$4"; }
# Waits for up to half a minute until a command succeeds.
await() {
  tries=0
  until sh -c "$1" >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -ge 300 ]; then echo "not within 30 s: $1" >&2; exit 1; fi
    sleep 0.1
  done
}

for number in 1 2 3; do send sender@remote.test anna@example.test "Letter $number" "A letter to Anna, number $number."; done
send sender@remote.test ben@example.test 'One letter' 'A letter to Ben.'
# No route leads to the smarthost.
for number in 1 2; do send anna@example.test somebody@away.test "Out of reach $number" 'No route leads there.'; done
send ben@example.test somebody@away.test 'Frozen' 'Held back for the administrator.'

await 'test "$(grep -c "^From " /var/mail/anna)" -eq 3'
await 'test -s /var/mail/ben'
await 'test "$(exim4 -bpc)" -eq 3'
await 'test "$(ls /var/spool/exim4/msglog | wc -l)" -eq 3'
exim4 -Mf "$(exiqgrep -i -f '<ben@')" >/dev/null
await 'test "$(exiqgrep -i -z | wc -l)" -eq 1'
