import type { AssessedFinding, Statement, StatementRow } from '@mailwarden/contracts';
import { formatByteCount, formatDuration, type Instant, type Measured } from '@mailwarden/kernel';
import { printable, type Style } from './terminal.js';

const MARKS: Readonly<Record<StatementRow['state'], string>> = {
  'in-order': '● in order',
  finding: '▲ finding',
  unknown: '? unknown',
  waiting: '… waiting',
  'not-limited': '○ no vendor limit',
};
const BAR_WIDTH = 14;

function mark(row: StatementRow, style: Style): string {
  const text = MARKS[row.state];
  if (row.state === 'in-order') return style.green(text);
  if (row.state === 'finding') return style.red(text);
  return row.state === 'not-limited' ? style.dim(text) : style.yellow(text);
}

const orUnknown = <T>(measured: Measured<T>, text: (value: T) => string): string =>
  measured.known ? text(measured.value) : `unknown, because ${measured.reason}`;

function age(at: Instant | null, now: number): string {
  return at === null ? 'empty' : `${formatDuration(Math.max(0, (now - Date.parse(at)) / 1000))} old`;
}

/** How full a store is against its limit: `▓▓▓▓▓▓▓░░░░░░░  52 % of 1 GB policy`. */
function gauge(row: StatementRow): string | undefined {
  const used = row.limits.find((limit) => limit.used);
  const amount = used?.kind === 'records' ? row.measured.records : used?.kind === 'bytes' ? row.measured.bytesAllocated : undefined;
  if (used === undefined || amount?.known !== true || used.value === 0) return undefined;
  const share = amount.value / used.value;
  const filled = Math.min(BAR_WIDTH, Math.round(share * BAR_WIDTH));
  return `${'▓'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}  ${Math.round(share * 100)} % of ${used.written} ${used.origin}`;
}

function amounts(row: StatementRow, now: number): string {
  const { measured } = row;
  if (!measured.present) return 'nothing of it exists on this host';
  const parts = [
    orUnknown(measured.bytesAllocated, formatByteCount),
    ...(row.kind === 'table' ? [] : [orUnknown(measured.items, (items) => `${items} ${items === 1 ? 'item' : 'items'}`)]),
    ...(measured.records === undefined ? [] : [orUnknown(measured.records, (records) => `${records} records`)]),
    ...(measured.oldestAt.known && measured.oldestAt.value !== null ? [`oldest ${age(measured.oldestAt.value, now)}`] : []),
  ];
  return [...new Set(parts)].join(', ');
}

function limitsText(row: StatementRow): string {
  const stated = row.limits.map((limit) => `${limit.written} ${limit.origin}${limit.origin === 'documented' ? '' : ` (${limit.source})`}${limit.used ? ', used' : ''}`);
  return [row.duration.text, ...stated].join(' · ');
}

function accessText(row: StatementRow): string {
  const allowed = row.protection.accounts === null ? 'not stated by the vendor' : row.protection.accounts.join(', ');
  const breaches = row.access.breaches.map((breach) => `▲ ${breach.account}: ${breach.because} (${breach.items} ${breach.items === 1 ? 'entry' : 'entries'})`);
  return [allowed, ...breaches].join('; ');
}

function rowLines(row: StatementRow, now: number, style: Style): string[] {
  const { leftovers, orphans, facts } = row.measured;
  const lines: (readonly [string, string] | undefined)[] = [
    ['where', row.directories === null ? 'not stated by the vendor' : row.directories.join(', ')],
    ['holds', row.dataCategories === null ? 'not stated by the vendor' : row.dataCategories.map((category) => category.title).join(', ')],
    ['kept', limitsText(row)],
    ['access', accessText(row)],
    ['now', amounts(row, now)],
  ];
  const bar = gauge(row);
  if (bar !== undefined) lines.push(['', bar]);
  if (leftovers !== undefined) lines.push(['leftovers', orUnknown(leftovers, (left) => `${left.items} from before the service started, ${formatByteCount(left.bytes)}`)]);
  if (orphans !== undefined) lines.push(['orphans', orUnknown(orphans, (halves) => `${halves.filesWithoutRow} files without a row, ${halves.rowsWithoutFile} rows without a file`)]);
  for (const fact of facts) lines.push([fact.label, orUnknown(fact.value, (value) => value)]);
  if (row.because !== '') lines.push(['so', row.because]);
  for (const gap of row.unknown) lines.push(['unknown', `${gap.what}: ${gap.why}`]);
  return [
    `${style.bold(printable(row.section))}  ${style.dim(`${row.store}, ${row.kind}`)}  ${mark(row, style)}`,
    ...lines.filter((line) => line !== undefined).map(([label, text]) => `  ${style.dim(label.padEnd(10))} ${printable(text)}`),
    '',
  ];
}

/** What a line about a finding needs: open findings of the fleet and those of one scan alike. */
type ToldFinding = Pick<AssessedFinding, 'severity' | 'message' | 'advice'>;

const SEVERITY_ORDER = ['critical', 'high', 'medium', 'low', 'info'];

function findingLines(findings: readonly ToldFinding[], style: Style): string[] {
  if (findings.length === 0) return [style.green('Nothing to report.')];
  const sorted = [...findings].sort((a, b) => SEVERITY_ORDER.indexOf(a.severity) - SEVERITY_ORDER.indexOf(b.severity));
  return [
    style.bold(`${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}`),
    ...sorted.flatMap((finding) => [
      `  ${(['critical', 'high'].includes(finding.severity) ? style.red : style.yellow)(finding.severity.padEnd(8))} ${printable(finding.message)}`,
      `  ${' '.repeat(8)} ${style.dim(printable(finding.advice))}`,
    ]),
  ];
}

/** The data-provision statement of one host as text, in the order of the vendor's own table. */
export function statementText(statement: Statement, findings: readonly ToldFinding[], now: number, style: Style): string[] {
  const version = orUnknown(statement.product.version, (text) => `version ${text}`);
  return [
    `${style.bold('Data-provision statement')} of ${printable(statement.server)}`,
    `${printable(statement.product.name)}, ${printable(version)}`,
    style.dim(`measured ${statement.observedAt}`),
    '',
    ...statement.rows.flatMap((row) => rowLines(row, now, style)),
    style.bold('Agreements'),
    ...statement.agreements.map((row) => `  ${row.id.padEnd(28)} ${printable(`${row.state ?? 'not decided on here'}; on this host: ${orUnknown(row.recorded, (record) => (record.accepted ? `accepted${record.byAnswerFile ? ' by an answer file' : ''}` : 'not accepted'))}`)}`),
    '',
    style.bold('Transmission'),
    `  ${'KSN'.padEnd(28)} ${orUnknown(statement.ksn.actual, (state) => `set to ${state}`)}; consent allows ${statement.ksn.desired}`,
    ...statement.flows.map((row) => `  ${row.id.padEnd(28)} ${printable(`switched on: ${orUnknown(row.configured, (on) => (on ? 'yes' : 'no'))}; seen: ${orUnknown(row.observed, (seen) => `${seen.connections} connections`)}`)}`),
    '',
    style.bold('Licence'),
    `  ${orUnknown(statement.licence.state, (licence) => printable(`${licence.kind}, ${licence.status}${licence.expiresAt === null ? '' : `, until ${licence.expiresAt}`}`))}`,
    '',
    ...findingLines(findings, style),
  ];
}
