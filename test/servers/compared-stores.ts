import type { MailServerName } from '../../scripts/mail-server/recipe.ts';

/** A store, and what `find` is to look at to see the same files: places as shell words, and a test of its own. */
export interface Compared {
  readonly profile: string;
  readonly store: string;
  readonly places: string;
  readonly test: string;
}

type Row = readonly [profile: string, store: string, places: string, test?: string];
const compared = (rows: readonly Row[]): readonly Compared[] => rows.map(([profile, store, places, test = '']) => ({ profile, store, places, test }));

const QUEUES = '/var/spool/postfix';
const SPOOL = '/var/spool/exim4';

/** Stores that stand still while nobody sends. */
export const STILL: Readonly<Record<MailServerName, readonly Compared[]>> = {
  gateway: compared([
    ['postfix', 'maildrop', `${QUEUES}/maildrop`],
    ['postfix', 'incoming', `${QUEUES}/incoming`],
    ['postfix', 'active', `${QUEUES}/active`],
    ['postfix', 'deferred', `${QUEUES}/deferred`],
    ['postfix', 'hold', `${QUEUES}/hold`],
    ['postfix', 'corrupt', `${QUEUES}/corrupt`],
    ['postfix', 'delivery-records', `${QUEUES}/bounce ${QUEUES}/defer ${QUEUES}/trace`],
    ['postfix', 'configuration', '/etc/postfix /etc/aliases*'],
    ['dovecot', 'mailboxes', '/home/*/Maildir', String.raw`\( -path '*/cur/*' -o -path '*/new/*' \) -not -path '*/.Trash/*'`],
    ['dovecot', 'trash', '/home/*/Maildir/.Trash', String.raw`\( -path '*/cur/*' -o -path '*/new/*' \)`],
    ['dovecot', 'index-and-cache', '/home/*/Maildir', "-name 'dovecot*'"],
    ['dovecot', 'configuration', '/etc/dovecot'],
    ['rspamd', 'configuration', '/etc/rspamd /etc/redis'],
    ['amavis', 'quarantine', '/var/lib/amavis/virusmails'],
    ['amavis', 'temporary', '/var/lib/amavis/tmp'],
    ['amavis', 'configuration', '/etc/amavis'],
    ['clamav', 'configuration', '/etc/clamav'],
    ['linux-host', 'system-mailboxes', '/var/mail'],
  ]),
  exim: compared([
    ['exim4', 'queued-envelopes', `${SPOOL}/input`, "-name '*-H'"],
    ['exim4', 'queued-bodies', `${SPOOL}/input`, "-name '*-D'"],
    ['exim4', 'queue-journals', `${SPOOL}/input`, "-not -name '*-[HD]'"],
    ['exim4', 'message-logs', `${SPOOL}/msglog`],
    ['exim4', 'hints', `${SPOOL}/db`],
    ['exim4', 'log', '/var/log/exim4', "-not -name 'rejectlog*'"],
    ['exim4', 'configuration', '/etc/exim4 /etc/email-addresses /var/lib/exim4'],
    ['linux-host', 'system-mailboxes', '/var/mail'],
  ]),
};

/** Stores whose readers are compared: every account of the server really tries. */
export const GUARDED: Readonly<Record<MailServerName, readonly Compared[]>> = {
  gateway: compared([
    ['postfix', 'hold', `${QUEUES}/hold`],
    ['postfix', 'deferred', `${QUEUES}/deferred`],
    ['dovecot', 'mailboxes', '/home/anna/Maildir/cur /home/anna/Maildir/new /home/ben/Maildir/cur /home/ben/Maildir/new'],
    ['amavis', 'quarantine', '/var/lib/amavis/virusmails'],
    ['rspamd', 'redis-on-disk', '/var/lib/redis'],
    ['linux-host', 'system-mailboxes', '/var/mail'],
    ['linux-host', 'journal', '/var/log/journal'],
  ]),
  exim: compared([
    ['exim4', 'queued-bodies', `${SPOOL}/input`],
    ['exim4', 'log', '/var/log/exim4'],
    ['linux-host', 'system-mailboxes', '/var/mail'],
  ]),
};
