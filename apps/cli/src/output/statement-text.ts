import { AGE_CLASS_SECONDS, type AssessedFinding, type RotationRule, type Spread, type Statement, type StatementRow } from '@mailwarden/contracts';
import { formatByteCount, formatDuration, type Instant, type Measured } from '@mailwarden/kernel';
import { printable, wrapped, type Style } from './terminal.js';
import { undeclaredLines } from './undeclared-lines.js';

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
  const percent = 100 * share;
  // Rounded down below the limit and up above it, so that 99.7 % never reads as full nor 100.2 % as in order.
  const told = percent > 0 && percent < 1 ? 'under 1' : String(percent > 100 ? Math.ceil(percent) : Math.floor(percent));
  const filled = Math.min(BAR_WIDTH, Math.round(share * BAR_WIDTH));
  return `${'▓'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}  ${told} % of ${used.written} ${used.origin}`;
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

const signed = (value: number, words: (amount: number) => string = String): string => (value < 0 ? `-${words(-value)}` : `+${words(value)}`);

/** Classes of age that hold something, youngest first: `1 hour: 3, 7 days: 12, older: 1`. */
function agesText({ items }: Spread): string {
  return items.flatMap((count, index) => {
    const end = AGE_CLASS_SECONDS[index];
    return count === 0 ? [] : [`${end === undefined ? 'older' : `up to ${formatDuration(end)}`}: ${count}`];
  }).join(', ');
}

function limitsText(row: StatementRow): string {
  const stated = row.limits.map((limit) => `${limit.written} ${limit.origin}${limit.origin === 'documented' ? '' : ` (${limit.source})`}${limit.used ? ', used' : ''}`);
  // A duration with a number is a documented limit as well, and is not told twice.
  const isStated = row.limits.some((limit) => limit.origin === 'documented' && limit.written === row.duration.text);
  return [...(isStated ? [] : [row.duration.text]), ...stated].join(' · ');
}

function accessText(row: StatementRow): string {
  const allowed = row.protection.accounts === null ? 'not stated by the vendor' : [...row.protection.accounts, ...(row.protection.groups ?? []).map((group) => `group ${group}`)].join(', ');
  const breaches = row.access.breaches.map((breach) => `▲ ${breach.account}: ${breach.because} (${breach.items} ${breach.items === 1 ? 'entry' : 'entries'})`);
  const unseen = (row.access.unseen ?? []).map(({ what, why }) => `not known: ${what}, because ${why}`);
  return [allowed, ...breaches, ...unseen].join('; ');
}

const READERS_SHOWN_MAX = 8;
/** How the reason of an account that gets in as anybody else does ends. */
const LETS_EVERYONE_IN = /lets everyone in$/;

/** Who can really read what is there, by the kernel's rules; whoever can only list names is left out. */
function readersText({ access }: StatementRow): string | undefined {
  const reading = access.accounts.filter(({ read, namesOnly }) => read && namesOnly !== true);
  if (reading.length === 0) return undefined;
  if (reading.some(({ because }) => LETS_EVERYONE_IN.test(because))) return 'everyone';
  const readers = reading.map(({ name }) => name);
  const more = readers.length - READERS_SHOWN_MAX;
  return `${readers.slice(0, READERS_SHOWN_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** `logrotate: weekly, keeps 4, compresses; last 2 days ago (/etc/logrotate.d/rsyslog:1)`. */
function ruleText({ tool, says, source, lastRanAt, everySeconds }: RotationRule, now: number): string {
  const ago = lastRanAt.known ? `; last ${formatDuration(Math.max(0, (now - Date.parse(lastRanAt.value)) / 1000))} ago` : everySeconds === null ? '' : `; when last is unknown, because ${lastRanAt.reason}`;
  return `${tool}: ${says}${ago} (${source})`;
}

/** Only of a log is it worth a line that no rule rotates it. */
function rulesText({ kind, measured: { rotationRules: rules, present } }: StatementRow, now: number): string | undefined {
  if (rules === undefined || (rules.length === 0 && (kind !== 'log' || !present))) return undefined;
  return rules.length === 0 ? 'by no rule of this host' : rules.map((rule) => ruleText(rule, now)).join(' · ');
}

const LABEL_WIDTH = 10;

/** A label and its text; a long text goes on below itself. */
function labelled(label: string, text: string, style: Style): string[] {
  const told = label.padEnd(LABEL_WIDTH);
  const indent = 2 + told.length + 1;
  const [first = '', ...rest] = style.width === null ? [printable(text)] : wrapped(printable(text), style.width - indent);
  return [`  ${style.dim(told)} ${first}`, ...rest.map((line) => ' '.repeat(indent) + line)];
}

/** The vendor's section; where it covers more than one store, with the store's own name. */
function title(row: StatementRow, shared: ReadonlySet<string>): string {
  return printable(shared.has(row.section) ? `${row.section}: ${row.store.replaceAll('-', ' ')}` : row.section);
}

function rowLines(row: StatementRow, profile: string, shared: ReadonlySet<string>, now: number, style: Style): string[] {
  const { leftovers, orphans, openDeleted, ages, growth, inSystemLog, facts } = row.measured;
  const [rules, readers] = [rulesText(row, now), readersText(row)];
  const lines: (readonly [string, string] | undefined)[] = [
    // As a policy names it.
    ['store', `${profile}/${row.store}, ${row.kind}`],
    ['where', row.directories === null ? 'not stated by the vendor' : row.directories.join(', ')],
    ['holds', row.dataCategories === null ? 'not stated by the vendor' : row.dataCategories.length === 0 ? 'nothing about people' : row.dataCategories.map((category) => category.title).join(', ')],
    ['kept', limitsText(row)],
    ['access', accessText(row)],
    ...(readers === undefined ? [] : [['readers', readers] as const]),
    ['now', amounts(row, now)],
  ];
  const bar = gauge(row);
  if (bar !== undefined) lines.push(['', bar]);
  if (leftovers !== undefined) lines.push(['leftovers', orUnknown(leftovers, (left) => `${left.items} from before the service started, ${formatByteCount(left.bytes)}`)]);
  if (orphans !== undefined) lines.push(['orphans', orUnknown(orphans, (halves) => `${halves.filesWithoutRow} files without a row, ${halves.rowsWithoutFile} rows without a file`)]);
  if (ages !== undefined && ages.items.some((items) => items > 0)) lines.push(['ages', agesText(ages)]);
  if (growth?.known === true) lines.push(['change', `${signed(growth.value.items)} items, ${signed(growth.value.bytes, formatByteCount)} since ${growth.value.since}`]);
  if (openDeleted !== undefined && !(openDeleted.known && openDeleted.value.items === 0)) lines.push(['deleted', orUnknown(openDeleted, (open) => `${open.items} files are still held open, ${formatByteCount(open.bytes)}`)]);
  if (inSystemLog !== undefined) lines.push(['syslog', orUnknown(inSystemLog, (log) => (log.lines === 0 ? 'no line of it lies in the log of the system' : `${log.lines} lines, ${formatByteCount(log.bytes)} in ${log.files} ${log.files === 1 ? 'log' : 'logs'}${log.oldestAt === null ? '' : `, oldest ${age(log.oldestAt, now)}`}`))]);
  if (rules !== undefined) lines.push(['rotated', rules]);
  for (const fact of facts) lines.push([fact.label, orUnknown(fact.value, (value) => value)]);
  if (row.because !== '') lines.push(['so', row.because]);
  for (const gap of row.unknown) lines.push(['unknown', `${gap.what}: ${gap.why}`]);
  return [
    `${style.bold(title(row, shared))}  ${mark(row, style)}`,
    ...lines.filter((line) => line !== undefined).flatMap(([label, text]) => labelled(label, text, style)),
    '',
  ];
}

/** Where nothing of the product is there, what the vendor says of each store is not repeated: one line tells all that is known. */
function absentLines(rows: readonly StatementRow[], shared: ReadonlySet<string>, style: Style): string[] {
  const width = Math.max(...rows.map((row) => title(row, shared).length));
  return [...rows.map((row) => `  ${title(row, shared).padEnd(width)}  ${mark(row, style)}  ${style.dim(row.measured.present ? row.because : 'nothing of it exists on this host')}`), ''];
}

/** What a line about a finding needs: open findings of the fleet and those of one scan alike. */
type ToldFinding = Pick<AssessedFinding, 'severity' | 'message' | 'advice'>;

const FINDING_INDENT = ' '.repeat(11);
const SEVERITY_ORDER = ['critical', 'high', 'medium', 'low', 'info'];

export const worstFirst = <T extends ToldFinding>(findings: readonly T[]): T[] => [...findings].sort((a, b) => SEVERITY_ORDER.indexOf(a.severity) - SEVERITY_ORDER.indexOf(b.severity));

/** `7 findings: 4 high, 3 medium`. */
function summary(findings: readonly ToldFinding[], style: Style): string {
  if (findings.length === 0) return style.green('no findings');
  const counts = SEVERITY_ORDER.map((severity) => [severity, findings.filter((finding) => finding.severity === severity).length] as const).filter(([, count]) => count > 0);
  const told = `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}: ${counts.map(([severity, count]) => `${count} ${severity}`).join(', ')}`;
  return counts.some(([severity]) => severity === 'critical' || severity === 'high') ? style.red(told) : style.yellow(told);
}

function findingLines(findings: readonly ToldFinding[], style: Style): string[] {
  if (findings.length === 0) return [style.green('Nothing to report.')];
  const text = (part: string, paint: (line: string) => string): string[] =>
    (style.width === null ? [printable(part)] : wrapped(printable(part), style.width - FINDING_INDENT.length)).map((line) => paint(line));
  return [
    style.bold(`${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}`),
    ...worstFirst(findings).flatMap((finding) => {
      const [first = '', ...rest] = [...text(finding.message, (line) => line), ...text(finding.advice, style.dim)];
      return [`  ${(['critical', 'high'].includes(finding.severity) ? style.red : style.yellow)(finding.severity.padEnd(8))} ${first}`, ...rest.map((line) => FINDING_INDENT + line)];
    }),
  ];
}

/** What stands below the table: agreements, transmission, licence. */
function restLines(statement: Statement, style: Style): string[] {
  const recorded = (row: Statement['agreements'][number]): string => orUnknown(row.recorded, (record) => (record.accepted ? `accepted${record.byAnswerFile ? ' by an answer file' : ''}` : 'not accepted'));
  const { agreements, flows, licence } = statement;
  // Most products have none of these: then nothing is said of them.
  if (agreements.length === 0 && flows.length === 0 && licence.states.length === 0) return [];
  return [
    style.bold('Agreements'),
    ...statement.agreements.flatMap((row) => named(row.id, `${row.state ?? 'not decided on here'}; on this host: ${recorded(row)}`, style)),
    '',
    style.bold('Transmission'),
    ...named('KSN', `${orUnknown(statement.ksn.actual, (state) => `set to ${state}`)}; consent covers ${statement.ksn.desired}`, style),
    ...statement.flows.flatMap((row) => named(row.id, `switched on: ${orUnknown(row.configured, (on) => (on ? 'yes' : 'no'))}; seen: ${orUnknown(row.observed, (seen) => `${seen.connections} connections`)}${row.filter === undefined ? '' : `; packet filter: ${row.filter.effect}, ${row.filter.because}`}`, style)),
    '',
    style.bold('Licence'),
    ...labelled('now', orUnknown(statement.licence.state, (licence) => `${licence.kind}, ${licence.status}${licence.expiresAt === null ? '' : `, until ${licence.expiresAt}`}`), style),
    '',
    ...undeclaredSection(statement, style),
  ];
}

function undeclaredSection(statement: Statement, style: Style): string[] {
  const lines = undeclaredLines(statement);
  return lines.length === 0 ? [] : [style.bold('Undeclared data'), ...lines.flatMap(([name, text]) => named(name, text, style)), ''];
}

const NAME_WIDTH = 28;
const NAMED_ROOM_MIN = 30;

/** A name and what is said of it beside it, or below it where the terminal is narrow. */
function named(name: string, text: string, style: Style): string[] {
  const beside = 2 + NAME_WIDTH + 1;
  if (style.width === null) return [`  ${name.padEnd(NAME_WIDTH)} ${printable(text)}`];
  if (style.width - beside < NAMED_ROOM_MIN) return [`  ${name}`, ...wrapped(printable(text), style.width - 4).map((line) => `    ${line}`)];
  const [first = '', ...rest] = wrapped(printable(text), style.width - beside);
  return [`  ${name.padEnd(NAME_WIDTH)} ${first}`, ...rest.map((line) => ' '.repeat(beside) + line)];
}

/** What the scan looked at, and whether it got to the end. */
function effortText({ effort }: Statement): string {
  if (effort === undefined) return '';
  const remembered = effort.foldersRemembered === 0 ? '' : `, ${effort.foldersRemembered} unchanged folders from memory`;
  return `: ${effort.entries} entries in ${effort.foldersRead} folders${remembered}${effort.complete ? '' : '; not finished'}`;
}

/** The data-provision statement of one host as text, in the order of the vendor's own table. */
export function statementText(statement: Statement, findings: readonly ToldFinding[], now: number, style: Style): string[] {
  const { version } = statement.product;
  const versionText = version.known ? `version ${version.value}` : `version unknown, because ${version.reason}`;
  const sections = statement.rows.map((row) => row.section);
  const shared = new Set(sections.filter((section, index) => sections.indexOf(section) !== index));
  const absent = statement.rows.every((row) => !row.measured.present || row.kind === 'memory');
  return [
    `${style.bold('Data-provision statement')} of ${printable(statement.server)}`,
    `${printable(statement.product.name)}, ${printable(versionText)}`,
    style.dim(`measured ${statement.observedAt}${effortText(statement)}`),
    ...(statement.effort?.notice == null ? [] : [style.yellow(printable(statement.effort.notice))]),
    summary(findings, style),
    '',
    ...(absent ? absentLines(statement.rows, shared, style) : statement.rows.flatMap((row) => rowLines(row, statement.profile, shared, now, style))),
    ...(absent ? [] : restLines(statement, style)),
    ...findingLines(findings, style),
  ];
}
