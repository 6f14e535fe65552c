import { Chance } from '../chance.js';
import { traceLines } from '../mail/trace-lines.js';
import { QUIET, type ServerTruth } from './server-truth.js';

const DAY_HOURS = 24;
const MAIL_LOG_LINES = 2_000;

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
    tree.file('/var/log/mail.log', traceLines(new Chance(44), MAIL_LOG_LINES, Date.now()), { mode: 0o640, owner: 'root' });
  },
};
