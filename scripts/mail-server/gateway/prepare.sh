#!/bin/sh
# Runs once, inside the new root, before it ever boots.
set -eu
echo mx > /etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 mx.example.test mx\n' > /etc/hosts
echo example.test > /etc/mailname
cat /etc/postfix/master.cf.add >> /etc/postfix/master.cf
rm /etc/postfix/master.cf.add
for person in anna ben carla; do useradd --create-home --shell /usr/sbin/nologin "$person"; done
echo 'held: carla' >> /etc/aliases
newaliases
chown clamav:clamav /var/lib/clamav/own.ndb
# Amavis hands over files that the scanner has to read.
adduser --quiet clamav amavis
