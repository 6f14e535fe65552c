import { PackVerifier, type DecisionReach, type PackKnowledge, type PackVerdict, type PeriodVerdict } from '@mailwarden/evidence-pack';
import { EXIT, type ExitCode } from '../failure.js';
import { renderTable } from '../output/table.js';
import { printable } from '../output/terminal.js';
import { printJson, printLines, type CommandContext } from './context.js';
import { DECISION_DONE } from './decided-moment.js';
import { keptIn, keysIn } from './evidence-files.js';
import { packLines } from './pack-bytes.js';
import { scopeText } from './scope-text.js';

const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

const reachWords = ({ inLedger, applied, servers }: DecisionReach): string =>
  !inLedger ? 'not proved' : applied === null ? `${servers} servers; which of them applied it is not known` : `${applied} of ${counted(servers, 'server')} signed that they applied it, or a later one`;

const aboutWords = ({ agreement, period }: PackVerdict): string => (period === null ? (agreement ?? 'nothing') : `${period.server ?? 'the whole fleet'} from ${period.from} to ${period.to}`);

/** What a pack about a period holds; that nothing of it is missing is said with the first word. */
function periodLines({ first, last, entries, signed, hidden, checkpoints, kinds }: PeriodVerdict): string[] {
  const told = Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`);
  return [
    `  entries ${first?.size ?? 0} to ${last.size - 1} of the ledger: ${counted(entries, 'entry', 'entries')}, ${signed} of them signed by who sent them${hidden === 0 ? '' : `, and ${hidden} about others, of which only that they are there is told`}`,
    ...(told.length === 0 ? [] : [`  ${told.join(', ')}`]),
    `  ${counted(checkpoints, 'signed head')} in between, from ${first?.at ?? 'the beginning of the ledger'} to ${last.at}`,
  ];
}

function verdictLines(file: string, verdict: PackVerdict, context: CommandContext, knownKeys: boolean): string[] {
  const { holds, problems, notes, period, at, keys, checkpoint, continues, texts, servers, decisions } = verdict;
  const { green, red, yellow } = context.style;
  return [
    holds ? `${green('holds')}  evidence of ${aboutWords(verdict)}, made at ${at ?? 'no time'}` : `${red('FAILS')}  ${file}`,
    ...problems.map(({ line, message }) => `  ${red('wrong')}  ${file}:${line}: ${printable(message)}`),
    ...notes.map((note) => `  ${yellow('note')}   ${printable(note)}`),
    ...(checkpoint === null ? [] : [`  ledger of ${checkpoint.size} entries, root ${checkpoint.rootHash}, signed at ${checkpoint.at}${continues === null ? '' : `; it goes on from the ${continues} entries of your checkpoint`}`]),
    ...(period === null ? [`  ${counted(texts, 'text')}, ${counted(decisions.length, 'decision')}, ${counted(servers, 'server')}`] : periodLines(period)),
    ...(knownKeys ? ['  checked by the keys that you gave'] : [`  checked by its own keys: ${Object.entries(keys).map(([service, id]) => `${service} ${id}`).join(', ')}. Compare them with keys that you know, or give --trust`]),
  ];
}

export interface VerifyOptions {
  readonly trust?: string | undefined;
  readonly checkpoint?: string | undefined;
}

/** A verifier that knows what the options name. Errors: CommandFailure where a file does not hold it. */
export async function verifierFor({ trust, checkpoint }: VerifyOptions, more: Pick<PackKnowledge, 'onEntry'> = {}): Promise<PackVerifier> {
  return new PackVerifier({ anchors: trust === undefined ? null : await keysIn(trust), ...(checkpoint === undefined ? {} : { kept: await keptIn(checkpoint) }), ...more });
}

/** Checks a pack offline. Exit: 0 it holds, 1 something of it does not. */
export async function verifyEvidence(file: string, options: VerifyOptions, context: CommandContext): Promise<ExitCode> {
  const verifier = await verifierFor(options);
  for await (const line of packLines(file)) verifier.line(line);
  const verdict = verifier.end();
  if (context.format === 'json') printJson(context, verdict);
  else {
    printLines(context, verdictLines(file, verdict, context, options.trust !== undefined));
    if (verdict.decisions.length > 0) {
      context.print('');
      printLines(
        context,
        renderTable(
          [
            { title: 'decision', text: ({ decision }) => decision.id },
            { title: 'what', text: ({ decision }) => DECISION_DONE[decision.action] },
            { title: 'for', text: ({ decision }) => scopeText(decision.scope) },
            { title: 'decided', text: ({ decision }) => decision.decidedAt },
            { title: 'by', text: ({ decision }) => (decision.confirmedBy === undefined ? decision.decidedBy : `${decision.decidedBy} and ${decision.confirmedBy}`) },
            { title: 'reached', text: reachWords },
          ],
          verdict.decisions,
          context.style,
        ),
      );
    }
  }
  return verdict.holds ? EXIT.nothingFound : EXIT.found;
}
