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

# Postfix takes letters without asking rspamd as long as that is not ready.
await 'rspamc --connect 127.0.0.1:11334 stat'
await 'ss -Hltn "sport = :11332" | grep -q .'
await 'ss -Hltn "sport = :10024" | grep -q .'

# A relay that takes every letter up to its body and then says nothing.
systemd-run --quiet --unit=slow-relay /usr/sbin/smtp-sink -u nobody -t 7200 -w 3600 127.0.0.1:2598 16

for number in 1 2 3 4; do send sender@remote.test anna@example.test "Letter $number" "A letter to Anna, number $number."; done
send sender@remote.test ben@example.test 'One letter' 'A letter to Ben.'
send sender@remote.test carla@example.test 'One letter' 'A letter to Carla, who has a plain mailbox.'
send anna@example.test somebody@away.test 'Out of reach' 'Nothing listens there.'
send ben@example.test somebody@away.test 'Out of reach too' 'Nothing listens there either.'
send anna@example.test somebody@slow.test 'Takes long' 'The relay never answers.'
send sender@remote.test held@example.test 'Held' 'Held back for the administrator.'
send sender@remote.test held@example.test 'Damaged' 'Its queue file will be damaged.'
send sender@remote.test anna@example.test 'Caught' 'MAILWARDEN-MARKER-OF-A-VIRUS'

await 'find /var/lib/amavis/virusmails -type f | grep -q .'
await 'test "$(ls /home/anna/Maildir/new | wc -l)" -eq 4'
await 'test "$(ls /home/ben/Maildir/new | wc -l)" -eq 1'
await 'test -s /var/mail/carla'
await 'test "$(postqueue -j | grep -c "\"queue_name\": \"deferred\"")" -eq 2'
await 'test "$(postqueue -j | grep -c "\"queue_name\": \"active\"")" -eq 1'
await 'test "$(postqueue -j | grep -c "\"queue_name\": \"hold\"")" -eq 2'

# A damaged queue file is set aside by the queue manager itself.
damaged=$(grep -l Damaged /var/spool/postfix/hold/* | head -n 1)
dd if=/dev/urandom of="$damaged" bs=64 count=1 conv=notrunc status=none
postsuper -H "${damaged##*/}" 2>/dev/null
postqueue -f
await 'test "$(ls /var/spool/postfix/corrupt | wc -l)" -eq 1'

# Anna has read one letter and thrown one away; the rest is indexed.
doveadm mailbox create -u anna Trash
doveadm flags add -u anna '\Seen' mailbox INBOX 1
doveadm move -u anna Trash mailbox INBOX 2
for person in anna ben; do doveadm index -u "$person" INBOX; done
doveadm fetch -u anna 'hdr.subject hdr.from' mailbox INBOX >/dev/null

# Every letter that came in was looked at, and what rspamd remembers of it is on disk too.
await 'test "$(redis-cli llen rs_historymx_zst)" -eq 12'
redis-cli save >/dev/null
