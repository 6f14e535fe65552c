import { ago, DAY, HOUR, id, MINUTE } from './sample-time.js';

const finding = (number: number, server: string, code: string, severity: string, store: string | null, message: string, advice: string, source: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  id: id(number), server, profile: 'kaspersky-klms-8', store, code, severity, state: 'open', message, advice, source, openedAt: ago(number * 3 * HOUR + 4 * MINUTE), updatedAt: ago(30_000), resolvedAt: null, remediation: null,
  history: [{ at: ago(number * 3 * HOUR + 4 * MINUTE), what: 'opened', message }], ...more,
});

export const sampleFindings = (): Record<string, unknown>[] => [
  finding(1, 'mx-dublin', 'over-limit', 'high', 'backup', 'Backup holds 1.31 GB; the policy limit is 1 GB', 'a policy in enforce mode rotates it; in observe mode, look at the plan first', 'backup-cap', { remediation: { order: id(101), state: 'ordered', at: ago(40_000) }, history: [{ at: ago(3 * HOUR), what: 'opened', message: 'Backup holds 1.02 GB; the policy limit is 1 GB' }, { at: ago(MINUTE), what: 'updated', message: 'Backup holds 1.31 GB; the policy limit is 1 GB' }] }),
  finding(2, 'mx-dublin', 'over-limit', 'medium', 'trace-log', 'Trace log holds 512 MB; the documented limit is 500 MB', 'write a retention policy for it, or find out why the product does not rotate', 'help-167766', { state: 'resolved', resolvedAt: ago(2 * HOUR), remediation: { order: id(102), state: 'proved', at: ago(2 * HOUR) }, history: [{ at: ago(6 * HOUR), what: 'opened', message: 'Trace log holds 512 MB; the documented limit is 500 MB' }, { at: ago(2 * HOUR), what: 'resolved', message: 'under every limit that counts' }] }),
  finding(3, 'archive-oslo', 'access-too-wide', 'high', 'temporary', 'everyone can read and write 41 entries of Temporary files: mode 0777 lets others in', 'give the entries back to the accounts that the profile names, and take the rights of others away', 'help-167766'),
  finding(4, 'archive-oslo', 'leftover-files', 'medium', 'temporary', '37 files (12.4 MB) are older than the service\'s own start', 'they are letters that nobody works on any more; remove them', 'help-167766'),
  finding(5, 'archive-oslo', 'dump-switched-on', 'high', 'dumps', 'the product writes dumps; they hold fragments of letters', 'switch dumps off again as root, once the support case is closed', 'help-dumps'),
  finding(6, 'archive-oslo', 'orphaned-halves', 'medium', 'backup', '14 files without a row, 3 rows without a file', 'the product neither shows nor rotates them; find out which half is right before anything is removed', 'comparison of files and table'),
  finding(7, 'archive-oslo', 'rotation-stopped', 'high', 'kata-quarantine', 'a rotation stopped: the plan is above the bound of 1000 entries', 'raise the bound after looking at the plan, or find out why so much is over', 'safety rules', { remediation: { order: id(103), state: 'stopped', at: ago(5 * HOUR) } }),
  finding(8, 'edge-lisbon', 'ksn-without-consent', 'critical', null, 'KSN is extended on this server; consent covers off', 'switch KSN back, or record the decision that covers it', 'settings.conf, ksnMode'),
  finding(9, 'edge-lisbon', 'consent-by-answer-file', 'high', null, 'Kaspersky Security Network Statement was accepted by an answer file, not by a person who read it', 'have the person who may decide read the text and record the decision', 'help-167766'),
  finding(10, 'mx-warsaw', 'agent-silent', 'high', null, 'the agent was last heard 42 minutes ago <img src=x onerror=alert(1)>', 'look whether the host and its agent run', 'heartbeats'),
  finding(11, 'archive-oslo', 'kernel-dump-possible', 'info', 'dumps', 'the service may leave a core file (limit unlimited); the kernel puts it to |/lib/systemd/systemd-coredump %P %u %g', 'set LimitCORE=0 for the service unless you need its core files', 'proc_pid_limits(5), core(5)', { openedAt: ago(20 * DAY) }),
];
