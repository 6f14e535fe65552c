import { Chance } from '../chance.js';
import { mailLogLines } from '../mail/trace-lines.js';
import { QUIET, type ServerTruth } from './server-truth.js';

const DAY_HOURS = 24;
const MAIL_LOG_LINES = 2_000;
/** How long the mail log goes back. Units: milliseconds. */
const MAIL_LOG_MS = 4 * 86_400_000;
const SYSTEM_FILE = { mode: 0o644, owner: 'root' } as const;
/** As Debian's packages set the system's logger up, and have its logs rotated. */
const RSYSLOG = 'module(load="imuxsock")\nmail.*\t-/var/log/mail.log\n';
const LOGROTATE = '/var/log/mail.log {\n\trotate 4\n\tweekly\n\tmissingok\n\tnotifempty\n\tcompress\n\tdelaycompress\n}\n';

/** The record that logrotate leaves: the log was turned over when it begins. */
function rotationRecord(atMs: number): string {
  const at = new Date(atMs);
  return `logrotate state -- version 2\n"/var/log/mail.log" ${at.getFullYear()}-${at.getMonth() + 1}-${at.getDate()}-${at.getHours()}:${at.getMinutes()}:${at.getSeconds()}\n`;
}

/** Sends more than anybody agreed to: KSN is extended, the agreements were accepted by an answer file, the trace goes into the mail log. */
export const MX_4: ServerTruth = {
  ...QUIET,
  name: 'mx-4',
  seed: 4,
  settings: { ksnMode: 'extended', traceDestination: 'syslog' },
  agreed: { EULA_AGREED: 'yes', EULA_AGREED_VER: '2023-06', KSN_AGREED: 'yes', KSN_AGREED_VER: '2023-06' },
  letters: { ...QUIET.letters, backup: { ...QUIET.letters.backup, ageHours: { from: 1, to: 420 * DAY_HOURS } } },
  trace: { ...QUIET.trace, generations: { plain: 1, packed: 1 }, linesPerMinute: 0 },
  peculiar: (tree) => {
    tree.file('/var/opt/kaspersky/klms/autoinstall.conf', 'EULA_AGREED=yes\nKSN_AGREED=yes\nUSE_WEB_INTERFACE=yes\n', { mode: 0o640, owner: 'service' });
    const nowMs = Date.now();
    tree.file('/var/log/mail.log', mailLogLines(new Chance(44), 'mx-4', MAIL_LOG_LINES, nowMs - MAIL_LOG_MS, nowMs), { mode: 0o640, owner: 'root' });
    tree.file('/etc/rsyslog.conf', RSYSLOG, SYSTEM_FILE);
    tree.file('/etc/logrotate.conf', LOGROTATE, SYSTEM_FILE);
    tree.folder('/var/lib/logrotate', 0o755, 'root');
    tree.file('/var/lib/logrotate/status', rotationRecord(nowMs - MAIL_LOG_MS), SYSTEM_FILE);
  },
};
