import { ago, DAY, hash, known, unknown, type Measured } from './sample-time.js';

const MAIL = ['Sender IP addresses', 'Sender and recipient addresses', 'Message subject', 'Message body', 'Message headers', 'Attachments'].map((title, index) => ({ id: `mail.part-${index}`, title }));
const ACCOUNTS = [{ id: 'account.web-interface', title: 'Accounts of the web interface' }, { id: 'account.web-interface-ip', title: 'IP addresses of its users' }, { id: 'account.directory', title: 'LDAP and AD accounts' }];
const GB = 1_000_000_000;
const PAGE = 'help-167766';

type Part = Record<string, unknown>;
const size = (items: number, bytes: number, oldestMs: number): Part => ({ present: true, items: known(items), bytesApparent: known(Math.round(bytes * 0.97)), bytesAllocated: known(bytes), oldestAt: known(items === 0 ? null : ago(oldestMs)), newestAt: known(items === 0 ? null : ago(60_000)), facts: [] });
const blind = (reason: string): Part => ({ present: true, items: unknown(reason), bytesApparent: unknown(reason), bytesAllocated: unknown(reason), oldestAt: unknown(reason), newestAt: unknown(reason), facts: [] });
const limit = (kind: string, value: number, origin: string, source: string, written: string, used = false): Part => ({ kind, value, unit: kind === 'bytes' ? 'bytes' : 'records', origin, source, written, target: origin === 'policy' ? value * 0.8 : null, used });
const rooted = { accounts: [{ name: 'root', read: true, write: true, because: 'root' }, { name: 'kluser', read: true, write: true, because: 'owner' }], breaches: [] };
const row = (store: string, section: string, kind: string, part: Part): Part => ({
  store, section, kind, directories: ['/var/opt/kaspersky'], dataCategories: MAIL, duration: { text: 'Indefinite', source: PAGE }, limits: [], protection: { accounts: ['root', 'kluser'], source: PAGE }, access: rooted, state: 'in-order', because: 'under every limit that counts', unknown: [], notes: [], next: null, ...part,
});

const backupLimits = (used: 'policy' | 'configured'): Part[] => [limit('bytes', GB, 'documented', PAGE, '1 GB'), limit('bytes', 7.32 * GB, 'documented', 'help-88718', '7.32 GB'), limit('bytes', 7 * GB, 'configured', '/etc/opt/kaspersky/klms/settings.conf, backupMaxSizeMb', '7000', used === 'configured'), ...(used === 'policy' ? [limit('bytes', GB, 'policy', 'backup-cap', '1 GB', true)] : [])];
const fact = (label: string, value: Measured<string>): Part => ({ label, value });

function rows(server: string, rotated: boolean): Part[] {
  const bad = server === 'archive-oslo';
  const over = server === 'mx-dublin' && !rotated;
  return [
    row('reports', 'Reports and monitoring', 'files', { measured: size(214, 81_000_000, 400 * DAY), state: 'not-limited', because: 'the vendor states no limit, and no policy sets one', notes: ['Reports lie as files; their figures also lie in the table of the statistics database.'] }),
    row('trace-log', 'Trace log', 'log', { directories: ['/var/log/kaspersky'], dataCategories: [...MAIL, ...ACCOUNTS], limits: [limit('bytes', 500_000_000, 'documented', PAGE, '500 MB', true)], measured: { ...size(28, 372_000_000, 40 * DAY), facts: [fact('trace level', known('error')), fact('trace goes to', unknown('the setting is not in the file'))] } }),
    row('event-log', 'Event log and audit log', 'table', { dataCategories: [...MAIL, ...ACCOUNTS], limits: [limit('records', 1_000_000, 'documented', PAGE, '1000000', true)], measured: bad ? blind('the database does not answer') : { ...size(1, 512_000_000, 90 * DAY), records: known(913_204) }, ...(bad && { state: 'unknown', because: 'the database does not answer', unknown: [{ what: 'records', why: 'the database does not answer' }], access: { accounts: [], breaches: [] } }) }),
    row('backup', 'Backup', 'pair', {
      limits: backupLimits(server === 'mx-dublin' ? 'policy' : 'configured'), measured: { ...(over ? size(18_204, 1_310_000_000, 730 * DAY) : size(13_195, 798_800_000, 258 * DAY)), records: known(over ? 18_204 : 13_195), orphans: known(bad ? { filesWithoutRow: 14, rowsWithoutFile: 3 } : { filesWithoutRow: 0, rowsWithoutFile: 0 }) },
      notes: ['The vendor\'s own pages disagree on the default size: 1 GB here, 7.32 GB there.'],
      ...(over && { state: 'finding', because: 'Backup holds 1.31 GB; the policy limit is 1 GB', next: 'a policy in enforce mode rotates it; in observe mode, look at the plan first' }),
      ...(bad && { state: 'finding', because: '14 files without a row, 3 rows without a file', next: 'the product neither shows nor rotates them; find out which half is right before anything is removed' }),
    }),
    row('kata-quarantine', 'KATA Quarantine', 'pair', { limits: [limit('bytes', GB, 'documented', PAGE, '1 GB', true)], measured: { ...(bad ? size(9020, 4 * GB, 500 * DAY) : size(0, 0, 0)), orphans: known({ filesWithoutRow: 0, rowsWithoutFile: 0 }) }, ...(bad && { state: 'finding', because: 'KATA Quarantine holds 4.00 GB; the documented limit is 1 GB', next: 'write a retention policy for it, or find out why the product does not rotate' }) }),
    row('temporary', 'Temporary files', 'temporary', {
      directories: ['/tmp/klmstmp', '/tmp/klms_filter'], dataCategories: null, duration: { text: 'Until program restart', source: PAGE }, protection: { accounts: null, source: null }, measured: { ...size(bad ? 41 : 3, bad ? 13_000_000 : 40_000, 12 * DAY), leftovers: known(bad ? { items: 37, bytes: 12_400_000, oldestAt: ago(12 * DAY) } : { items: 0, bytes: 0, oldestAt: null }) }, because: 'as the profile says',
      ...(bad && { state: 'finding', because: 'everyone can read and write 41 entries of Temporary files', next: 'give the entries back to the accounts that the profile names, and take the rights of others away', access: { accounts: rooted.accounts, breaches: ['everyone', 'www-data', 'backup-op', 'account-3f9ac2e1'].map((account, index) => ({ kind: 'mode', account, read: true, write: index === 0, items: 41 - index, mode: '0777', because: 'mode 0777 lets others in' })) } }),
    }),
    row('dumps', 'Dump files', 'dump', { directories: null, dataCategories: [{ id: 'any.fragments', title: 'Fragments of any data' }], duration: { text: 'Not stated by the vendor', source: null }, protection: { accounts: ['root'], source: 'help-dumps' }, measured: { ...size(0, 0, 0), facts: [fact('dump switch', known(bad ? 'on' : 'off', 'settings.conf, enableDumps')), fact('kernel core pattern', known('|/lib/systemd/systemd-coredump %P %u %g %s %t')), fact('core limit of the service', known('0'))] }, because: 'as the profile says', ...(bad && { state: 'finding', because: 'the product writes dumps; they hold fragments of letters', next: 'switch dumps off again as root, once the support case is closed' }) }),
    row('configuration', 'Configuration files', 'configuration', { directories: ['/var/opt/kaspersky', '/etc/opt/kaspersky'], dataCategories: [{ id: 'settings.address-lists', title: 'Allow and deny lists of addresses' }, ...ACCOUNTS], state: 'not-limited', because: 'the vendor states no limit, and no policy sets one', measured: { ...size(64, 2_100_000, 300 * DAY), facts: [fact('hash of all files', known(hash('4c')))] } }),
    row('memory', 'RAM', 'memory', { directories: null, dataCategories: [{ id: 'any.processed', title: 'Any processed data' }], duration: { text: 'Not stated by the vendor', source: null }, protection: { accounts: null, source: PAGE }, access: { accounts: [], breaches: [] }, because: 'as the profile says', measured: { ...blind('memory is not counted'), present: false, facts: [fact('swap', known('absent')), fact('ptrace scope', known('1')), fact('suid dumpable', unknown('the kernel file could not be read'))] } }),
  ];
}

/** A statement in which every state occurs on some server. */
export function sampleStatement(server: string, rotated: boolean, observedMs: number): unknown {
  const leaks = server === 'edge-lisbon';
  const agreement = (agreementId: string, title: string, gates: string[], state: string | null, because: string, recorded: Measured<unknown>): Part => ({ id: agreementId, title, gates, state, because, textSha256: agreementId === 'privacy-policy' ? unknown('the file is not there') : known(hash('ab')), recorded });
  const flow = (flowId: string, title: string, requires: string[], permitted: boolean | null, on: boolean, connections: number, filter?: Part): Part => ({ id: flowId, title, recipient: 'Kaspersky', requires, permitted, configured: known(on), possible: known(true), observed: connections < 0 ? unknown('the socket table could not be read') : known({ connections, encrypted: true }), ...(filter === undefined ? {} : { filter }) });
  return {
    server, profile: 'kaspersky-klms-8', product: { name: 'Kaspersky Security 8 for Linux Mail Server', version: known('8.0.3.30') }, observedAt: ago(observedMs), ageSeconds: Math.round(observedMs / 1000), rows: rows(server, rotated),
    ksn: { desired: leaks ? 'off' : 'basic', actual: leaks ? known('extended') : known('basic') },
    agreements: [
      agreement('eula', 'End User License Agreement', ['Running the product', 'Automatic transmission of the data that the agreement lists'], 'granted', 'granted for the organisation', known({ accepted: true, version: hash('ab'), byAnswerFile: false })),
      agreement('privacy-policy', 'Privacy Policy', ['Running the product'], 'undecided', 'nobody has decided', unknown('the product keeps no record of it')),
      agreement('ksn-statement', 'Kaspersky Security Network Statement', ['Taking part in Kaspersky Security Network'], leaks ? 'withdrawn' : 'granted', leaks ? 'withdrawn for server edge-lisbon' : 'granted for the organisation', known({ accepted: true, version: null, byAnswerFile: leaks })),
      agreement('supplementary-ksn-statement', 'Supplementary Kaspersky Security Network Statement', ['Sending KSN statistics'], leaks ? 'declined' : 'text-changed', 'the text on this server is not the one that was decided on', unknown('the product keeps no record of it')),
    ],
    flows: [flow('ksn', 'Requests to Kaspersky Security Network', ['ksn-statement'], !leaks, true, leaks ? 4 : 0, leaks ? { effect: 'allowed', enforced: false, because: 'ksn-statement is withdrawn; policy ksn-follows-consent; nobody says where it goes', refusedPackets: 0 } : { effect: 'allowed', enforced: true, because: 'every agreement that it needs is granted', refusedPackets: 0 }), flow('ksn-statistics', 'KSN statistics', ['ksn-statement', 'supplementary-ksn-statement'], leaks ? false : null, leaks, -1, { effect: 'refused', enforced: true, because: 'supplementary-ksn-statement is undecided; policy ksn-follows-consent', refusedPackets: 12 }), flow('licence-conditions', 'Transmission under the License Agreement', ['eula'], true, true, 1)],
    licence: { state: leaks ? unknown('the licence status is not in the settings') : known({ status: 'active', kind: 'commercial', expiresAt: ago(-21 * DAY) }), states: [{ id: 'active', title: 'Active key', consequence: 'All functions work.' }, { id: 'trial-expired', title: 'Trial key expired', consequence: 'Scanning stops.' }, { id: 'none', title: 'No key', consequence: 'The product does not scan.' }] },
  };
}
