import { DECISION_ACTIONS, labelText, serverName, sha256Hex, slug, type ConsentScope, type ImportRequest } from '@mailwarden/contracts';
import { err, ok, type Result } from '@mailwarden/kernel';
import { checkAgainst, readStrictYaml, type Problem } from '@mailwarden/strict-yaml';
import { CsvError, parse } from 'csv-parse/sync';
import { z } from 'zod';
import { CommandFailure } from '../failure.js';
import { decidedMoment } from '../commands/decided-moment.js';
import { momentFrom } from '../commands/hold.js';

/** One decision of a file, with the line that it stands on; in CSV the last of its lines. */
export interface DecisionRow {
  readonly line: number;
  readonly decision: ImportRequest['decisions'][number];
}

/** What is wrong with a file, a line each. */
export type RowProblem = Pick<Problem, 'line' | 'message' | 'advice'>;

/** No decision of an import is longer. Units: bytes. */
const RECORD_BYTES_MAX = 16_384;
const COLUMNS = ['agreement', 'action', 'scope', 'text', 'on-behalf-of', 'reason', 'decided-at', 'valid-until', 'region'] as const;
const SCOPE_ADVICE = 'write organisation, group role=mx, or server mx-1';

const rowForm = z.strictObject({
  agreement: slug,
  action: z.enum(DECISION_ACTIONS),
  scope: z.string().max(200).default('organisation'),
  text: sha256Hex.optional(),
  'on-behalf-of': z.string().min(1).max(200),
  reason: z.string().min(1).max(500),
  'decided-at': z.string().max(40),
  'valid-until': z.string().max(40).optional(),
  region: z.string().max(60).optional(),
});
type Row = z.output<typeof rowForm>;

/** Errors: throws in words for what is no scope. */
function scopeFrom(typed: string): ConsentScope {
  const [kind = '', name = '', ...more] = typed.trim().split(/\s+/);
  if (more.length > 0) throw new CommandFailure(`"${typed}" is no scope`, SCOPE_ADVICE);
  if (kind === 'organisation' && name === '') return { kind: 'organisation' };
  if (kind === 'server') {
    const server = serverName.safeParse(name);
    if (server.success) return { kind: 'server', server: server.data };
  }
  const [label, value, ...parts] = name.split('=').map((text) => labelText.safeParse(text));
  if (kind === 'group' && label?.success === true && value?.success === true && parts.length === 0) return { kind: 'group', label: label.data, value: value.data };
  throw new CommandFailure(`"${typed}" is no scope`, SCOPE_ADVICE);
}

function decisionFrom(row: Row, now: string): ImportRequest['decisions'][number] {
  return {
    agreement: row.agreement,
    textSha256: row.text ?? null,
    action: row.action,
    scope: scopeFrom(row.scope),
    onBehalfOf: row['on-behalf-of'],
    reason: row.reason,
    validUntil: row['valid-until'] === undefined ? null : momentFrom('valid-until', row['valid-until'], 'end'),
    region: row.region ?? null,
    decidedAt: decidedMoment('decided-at', row['decided-at'], row.action, now),
  } as ImportRequest['decisions'][number];
}

function rowsFrom(forms: readonly { readonly line: number; readonly form: Row }[], now: string): Result<DecisionRow[], RowProblem[]> {
  const problems: RowProblem[] = [];
  const rows = forms.flatMap(({ line, form }) => {
    try {
      return [{ line, decision: decisionFrom(form, now) }];
    } catch (cause) {
      if (!(cause instanceof CommandFailure)) throw cause;
      problems.push({ line, message: cause.message, advice: cause.advice });
      return [];
    }
  });
  return problems.length > 0 ? err(problems) : ok(rows);
}

/** JSON, which is YAML as well: so every mistake has its line. */
function fromJson(text: string, now: string): Result<DecisionRow[], RowProblem[]> {
  const document = readStrictYaml(text);
  if (!document.ok) return document;
  const forms = checkAgainst(z.array(rowForm).min(1), document.value);
  if (!forms.ok) return forms;
  return rowsFrom(forms.value.map((form, index) => ({ line: document.value.positionOf([index]).line, form })), now);
}

/** A semicolon where the head of the file has one and no comma, as spreadsheets of many countries write it. */
const delimiterOf = (text: string): string => {
  const [head = ''] = text.split('\n', 1);
  return head.includes(';') && !head.includes(',') ? ';' : ',';
};

function fromCsv(text: string, now: string): Result<DecisionRow[], RowProblem[]> {
  let records: { readonly record: Record<string, string>; readonly info: { readonly lines: number } }[];
  try {
    // A line is one however it ends, or the library counts it twice within quotes.
    records = parse(text.replaceAll(/\r\n?/g, '\n'), { bom: true, columns: (head: string[]) => head.map((name) => name.toLowerCase()), delimiter: delimiterOf(text), info: true, max_record_size: RECORD_BYTES_MAX, skip_empty_lines: true, trim: true });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    return err([{ line: Number((cause as { lines?: unknown }).lines ?? 1), message: cause.message, advice: `each line has as many fields as the first, which names them: ${COLUMNS.join(', ')}` }]);
  }
  if (records.length === 0) return err([{ line: 1, message: 'the file has no decision', advice: `its first line names the columns: ${COLUMNS.join(', ')}` }]);
  const problems: RowProblem[] = [];
  const forms = records.flatMap(({ record, info: { lines: line } }) => {
    const form = rowForm.safeParse(Object.fromEntries(Object.entries(record).filter(([, value]) => value !== '')));
    if (form.success) return [{ line, form: form.data }];
    problems.push(...form.error.issues.map((issue) => ({ line, message: `${issue.path.join('.') || 'this line'}: ${issue.message}`, advice: `columns: ${COLUMNS.join(', ')}` })));
    return [];
  });
  const rows = rowsFrom(forms, now);
  const all = [...problems, ...(rows.ok ? [] : rows.error)].sort((left, right) => left.line - right.line);
  return all.length > 0 ? err(all) : rows;
}

/** Decisions of a file: JSON where it begins as such, else CSV. `now` bounds what a day means. Errors: everything that is wrong, each with its line and what to do. */
export const decisionRows = (text: string, now: string): Result<DecisionRow[], RowProblem[]> => (/^\uFEFF?\s*\[/.test(text) ? fromJson(text.replace(/^\uFEFF/, ''), now) : fromCsv(text, now));
