import { IMPORT_ROWS_MAX, type ImportReply } from '@mailwarden/contracts';
import { sha256 } from '@mailwarden/kernel';
import { ApiClient } from '../api-client.js';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import { decisionRows, type DecisionRow } from '../import/decision-rows.js';
import { renderTable } from '../output/table.js';
import { secondPersonWords } from './consent-proposals.js';
import { DECISION_DONE } from './decided-moment.js';
import { boundedBytes } from './named-file.js';
import { printJson, printLines, type CommandContext } from './context.js';

/** Two hundred decisions with the longest reasons. Units: bytes. */
const FILE_BYTES_MAX = 262_144;

/** Errors: CommandFailure with every mistake and its line. */
function rowsOf(file: string, bytes: Buffer): DecisionRow[] {
  const rows = decisionRows(bytes.toString('utf8'), new Date().toISOString());
  if (!rows.ok) throw new CommandFailure(`${file} cannot be taken over; nothing was recorded`, 'mend these lines', rows.error.map(({ line, message, advice }) => `${file}:${line}: ${message}; ${advice}`));
  if (rows.value.length > IMPORT_ROWS_MAX) throw new CommandFailure(`${file} has ${rows.value.length} decisions; ${IMPORT_ROWS_MAX} are taken over at once`, 'split the file');
  return rows.value;
}

function refusalsOf(file: string, rows: readonly DecisionRow[], reply: ImportReply): string[] {
  return reply.rows.flatMap((row, index) => (row.ok ? [] : [`${file}:${rows[index]?.line ?? 0}: ${row.detail}`]));
}

/** Takes over decisions of a file, all of them or none. Their file is named with each by its hash. */
export async function importDecisions(file: string, dryRun: boolean, context: CommandContext): Promise<ExitCode> {
  const bytes = await boundedBytes(file, FILE_BYTES_MAX, { tooLong: [`${file} has more than ${FILE_BYTES_MAX} bytes`, `split it: a file holds at most ${IMPORT_ROWS_MAX} decisions`], advice: 'name a file with decisions, as ./decisions.csv' });
  const rows = rowsOf(file, bytes);
  const client = await ApiClient.forRuntime(context.dataDir);
  const reply = await client.ask('importDecisions', { body: { decisions: rows.map(({ decision }) => decision), documentSha256: sha256(bytes), dryRun } });
  const refusals = refusalsOf(file, rows, reply);
  if (refusals.length > 0) throw new CommandFailure(`${file} cannot be taken over; nothing was recorded`, 'mend these lines', refusals);
  if (context.format === 'json') {
    printJson(context, reply);
    return reply.waitsFor === null ? EXIT.nothingFound : EXIT.found;
  }
  const decisions = reply.rows.flatMap((row) => (row.ok ? [row.value] : []));
  printLines(
    context,
    renderTable(
      [
        { title: 'line', text: ({ line }) => String(line), align: 'right' },
        { title: 'agreement', text: ({ agreement }) => agreement },
        { title: 'decision', text: ({ action }) => DECISION_DONE[action] },
        { title: 'decided', text: ({ decidedAt }) => decidedAt },
        { title: 'counts', text: ({ outrankedBy }) => (outrankedBy === null ? 'yes' : `no: ${DECISION_DONE[outrankedBy.action]} at ${outrankedBy.decidedAt}`) },
      ],
      decisions.map((decision, index) => ({ ...decision, line: rows[index]?.line ?? 0 })),
      context.style,
    ),
  );
  if (reply.waitsFor !== null) {
    context.print(secondPersonWords(reply.waitsFor));
    return EXIT.found;
  }
  const counted = decisions.length === 1 ? '1 decision' : `${decisions.length} decisions`;
  context.print(reply.recorded ? `${counted} recorded` : `nothing is wrong with ${counted}; without --dry-run they are recorded`);
  return EXIT.nothingFound;
}
