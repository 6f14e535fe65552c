import type { DataCategory } from '@mailwarden/catalogue';

/**
 * The vendor's page "About data provision" (ID 167766, August 21, 2023) as data: its table cell by cell, and what it says outside the table.
 * A cell that spans several rows is printed once, at the first of them; the rows below say `above`. No cell of the page is empty.
 */
export const PAGE = 'help-167766';

export interface SeedRow {
  readonly section: string;
  readonly directories: readonly string[] | 'above';
  readonly data: readonly DataCategory[] | 'above';
  readonly duration: 'indefinite' | 'until-restart';
  /** What the page says of a limit, as it is printed, and the exact value meant. */
  readonly limit: { readonly words: string; readonly written: string; readonly kind: 'bytes' | 'records'; readonly value: number } | null;
  readonly accounts: readonly string[] | 'above';
  /** Stores of the profile that stand for the row. */
  readonly stores: readonly string[];
}

const MESSAGE: readonly DataCategory[] = ['mail.sender-ip', 'mail.addresses', 'mail.subject', 'mail.body', 'mail.headers', 'mail.attachments'];
const STATISTICS: readonly DataCategory[] = ['statistics.addresses', 'statistics.infected-names'];
const ONE_GB = { words: 'When size limit is reached, rotation is initiated, and deletion of old records begins. The size limit is 1 GB by default.', written: '1 GB', kind: 'bytes', value: 1_000_000_000 } as const;

export const SEED_TABLE: readonly SeedRow[] = [
  { section: 'Reports and monitoring', directories: ['/var/opt/kaspersky'], data: [...STATISTICS, ...MESSAGE], duration: 'indefinite', limit: null, accounts: ['root', 'kluser'], stores: ['reports'] },
  {
    section: 'Trace log',
    directories: ['/var/log/kaspersky'],
    data: [...MESSAGE, 'account.web-interface', 'account.web-interface-ip', 'account.directory'],
    duration: 'indefinite',
    limit: { words: 'When 500 MB limit is reached, log rotation is initiated, and deletion of old records begins.', written: '500 MB', kind: 'bytes', value: 500_000_000 },
    accounts: 'above',
    stores: ['trace-log'],
  },
  {
    section: 'Event log and audit log',
    directories: ['/var/opt/kaspersky'],
    data: 'above',
    duration: 'indefinite',
    limit: { words: 'When 1 million record limit is reached, log rotation is initiated, and deletion of old records begins.', written: '1000000 records', kind: 'records', value: 1_000_000 },
    accounts: 'above',
    stores: ['event-log', 'audit-log'],
  },
  { section: 'Backup', directories: ['/var/opt/kaspersky'], data: MESSAGE, duration: 'indefinite', limit: ONE_GB, accounts: 'above', stores: ['backup'] },
  { section: 'Anti-Spam Quarantine', directories: 'above', data: 'above', duration: 'indefinite', limit: ONE_GB, accounts: 'above', stores: ['antispam-quarantine'] },
  { section: 'KATA Quarantine', directories: 'above', data: 'above', duration: 'indefinite', limit: ONE_GB, accounts: 'above', stores: ['kata-quarantine'] },
  { section: 'Temporary files', directories: ['/tmp/klmstmp', '/tmp/klms_filter'], data: 'above', duration: 'until-restart', limit: null, accounts: 'above', stores: ['temporary'] },
  {
    section: 'Configuration files',
    directories: ['/var/opt/kaspersky', '/etc/opt/kaspersky'],
    data: ['settings.address-lists', 'account.administrator', 'account.directory'],
    duration: 'indefinite',
    limit: null,
    accounts: 'above',
    stores: ['configuration'],
  },
];

export interface FilledRow extends Omit<SeedRow, 'directories' | 'data' | 'accounts'> {
  readonly directories: readonly string[];
  readonly data: readonly DataCategory[];
  readonly accounts: readonly string[];
}

/** The table with each spanning cell in every row that it covers. */
export function filledRows(): FilledRow[] {
  let above: Pick<FilledRow, 'directories' | 'data' | 'accounts'> = { directories: [], data: [], accounts: [] };
  return SEED_TABLE.map((row) => {
    above = {
      directories: row.directories === 'above' ? above.directories : row.directories,
      data: row.data === 'above' ? above.data : row.data,
      accounts: row.accounts === 'above' ? above.accounts : row.accounts,
    };
    return { ...row, ...above };
  });
}

/** What the page tells outside its table, by the place in the profile that says it. */
export const SEED_PROSE: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  // "The dump may include any data, including fragments of content of email messages and analyzed files", reached "using an account with super-user privileges".
  'stores.dumps': { section: 'Dump files', directories: null, 'data-categories': ['any.processed', 'any.fragments'], duration: 'not-stated' },
  'stores.dumps.protection': { accounts: ['root'] },
  'stores.dumps.notes': { text: 'Dump generation is off by default; an account with super-user privileges manages it.' },
  // "By default, dump generation ... is disabled."
  'switches.dumps': { default: 'off' },
  // "RAM ... may contain any processed data of application users. The administrator ... must personally ensure the security of such data."
  'stores.memory': { section: 'RAM', directories: null, 'data-categories': ['any.processed'], duration: 'not-stated' },
  'stores.memory.notes': { text: 'The administrator personally ensures the security of what is in memory.' },
  // The agreements in which consent is given, and what each is about.
  'agreements.eula': { title: 'End User License Agreement' },
  'agreements.eula.gates': { text: 'Automatic transmission of the data listed under "Conditions regarding data processing"' },
  'agreements.privacy-policy': { title: 'Privacy Policy' },
  'agreements.privacy-policy.gates': { text: 'Data processing on the terms of the policy' },
  'agreements.ksn-statement': { title: 'Kaspersky Security Network Statement' },
  'agreements.ksn-statement.gates': { text: 'Taking part in Kaspersky Security Network' },
  'agreements.supplementary-ksn-statement': { title: 'Supplementary Kaspersky Security Network Statement' },
  'agreements.supplementary-ksn-statement.gates': { text: 'Sending KSN statistics' },
  // "Data is transmitted over encrypted data links." Which data, the agreements list; where to, the page does not say.
  'flows.licence-conditions': { title: 'Transmission under the License Agreement', 'data-categories': null, recipient: 'Kaspersky', requires: ['eula'], endpoints: null, encrypted: true },
  'flows.ksn': { title: 'Requests to Kaspersky Security Network', 'data-categories': null, recipient: 'Kaspersky', requires: ['ksn-statement'], endpoints: null, encrypted: true },
  'flows.ksn-statistics': { title: 'KSN statistics', 'data-categories': null, recipient: 'Kaspersky', requires: ['ksn-statement', 'supplementary-ksn-statement'], endpoints: null, encrypted: true },
};
