#!/bin/sh
# Runs once, inside the new root, before it ever boots.
set -eu
echo exim > /etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 exim.example.test exim\n' > /etc/hosts
echo example.test > /etc/mailname
for person in anna ben; do useradd --create-home --shell /usr/sbin/nologin "$person"; done
update-exim4.conf
