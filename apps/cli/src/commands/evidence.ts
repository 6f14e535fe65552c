import { createReadStream } from 'node:fs';
import { trustAnchors, type TrustAnchors } from '@mailwarden/contracts';
import { keptCheckpoint, PackVerifier, type DecisionReach, type PackVerdict, type SignedCheckpoint } from '@mailwarden/evidence-pack';
import { ApiClient } from '../api-client.js';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import { newFile } from '../output/new-file.js';
import { renderTable } from '../output/table.js';
import { printable } from '../output/terminal.js';
import { DECISION_DONE } from './decided-moment.js';
import { boundedBytes } from './named-file.js';
import { scopeText } from './scope-text.js';
import { printJson, printLines, type CommandContext } from './context.js';

/** A file with three keys. Units: bytes. */
const TRUST_BYTES_MAX = 10_000;
/** Longest piece without an end of line that is kept. Units: characters. */
const PIECE_CHARACTERS_MAX = 4_000_000;
const END_OF_LINE = '\n';

/** Writes a pack. One that could not be finished has no seal, and whoever checks it is told so. */
export async function exportEvidence({ agreement, output, checkpoint }: { readonly agreement: string; readonly output: string; readonly checkpoint?: string | undefined }, context: CommandContext): Promise<ExitCode> {
  const client = await ApiClient.forRuntime(context.dataDir);
  const kept = checkpoint === undefined ? null : await checkpointFrom(checkpoint);
  const pieces = await client.download('evidencePack', { agreement, ...(kept === null ? {} : { since: String(kept.payload.size) }) });
  await using file = await newFile(output);
  let bytes = 0;
  try {
    for await (const piece of pieces) {
      await file.write(piece);
      bytes += piece.length;
    }
  } catch (cause) {
    throw new CommandFailure(`the evidence of ${agreement} ended in the middle: ${output} is not whole`, `see: mailwarden status --data ${context.dataDir}`, [], { cause });
  }
  if (context.format === 'json') printJson(context, { file: output, bytes });
  else context.print(`The evidence of ${agreement} is in ${output}. It names who decided. To check it: mailwarden evidence verify ${output}`);
  return EXIT.nothingFound;
}

/** Lines by the one character that ends them in a pack: a text may hold the others. Errors: CommandFailure for what cannot be read. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const piece of createReadStream(path, { encoding: 'utf8' }) as AsyncIterable<string>) {
      const lines = (rest + piece).split(END_OF_LINE);
      rest = lines.pop() ?? '';
      yield* lines;
      if (rest.length > PIECE_CHARACTERS_MAX) break;
    }
  } catch (cause) {
    throw new CommandFailure(`${path} cannot be read: ${cause instanceof Error ? cause.message : 'it failed'}`, 'name the file of an evidence pack', [], { cause });
  }
  if (rest !== '') yield rest;
}

async function keysFrom(file: string): Promise<TrustAnchors> {
  const bytes = await boundedBytes(file, TRUST_BYTES_MAX, { tooLong: [`${file} is too long for a file of keys`, 'name the trust.json of the services'], advice: 'name the trust.json of the services' });
  try {
    return trustAnchors.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    throw new CommandFailure(`${file} does not hold the keys of the services`, 'name the trust.json that the services were set up with', [], { cause });
  }
}

async function checkpointFrom(file: string): Promise<SignedCheckpoint> {
  const advice = 'name a file with one event ledger.checkpoint, as a SIEM keeps it, or the checkpoint of a pack';
  const bytes = await boundedBytes(file, TRUST_BYTES_MAX, { tooLong: [`${file} is too long for one checkpoint`, advice], advice });
  try {
    const kept = keptCheckpoint(JSON.parse(bytes.toString('utf8')));
    if (kept !== null) return kept;
  } catch {
    // Said below, as for any other JSON.
  }
  throw new CommandFailure(`${file} does not hold a checkpoint`, advice);
}

const reachWords = ({ inLedger, applied, servers }: DecisionReach): string =>
  !inLedger ? 'not proved' : applied === null ? `${servers} servers; which of them applied it is not known` : `${applied} of ${servers} ${servers === 1 ? 'server' : 'servers'} signed that they applied it, or a later one`;

function verdictLines(file: string, verdict: PackVerdict, context: CommandContext, knownKeys: boolean): string[] {
  const { holds, problems, notes, agreement, at, keys, checkpoint, continues, texts, servers, decisions } = verdict;
  const { green, red, yellow } = context.style;
  return [
    holds ? `${green('holds')}  evidence of ${agreement ?? 'nothing'}, made at ${at ?? 'no time'}` : `${red('FAILS')}  ${file}`,
    ...problems.map(({ line, message }) => `  ${red('wrong')}  ${file}:${line}: ${printable(message)}`),
    ...notes.map((note) => `  ${yellow('note')}   ${printable(note)}`),
    ...(checkpoint === null ? [] : [`  ledger of ${checkpoint.size} entries, root ${checkpoint.rootHash}, signed at ${checkpoint.at}${continues === null ? '' : `; it goes on from the ${continues} entries of your checkpoint`}`]),
    `  ${texts} ${texts === 1 ? 'text' : 'texts'}, ${decisions.length} ${decisions.length === 1 ? 'decision' : 'decisions'}, ${servers} ${servers === 1 ? 'server' : 'servers'}`,
    ...(knownKeys ? ['  checked by the keys that you gave'] : [`  checked by its own keys: ${Object.entries(keys).map(([service, id]) => `${service} ${id}`).join(', ')}. Compare them with keys that you know, or give --trust`]),
  ];
}

/** Checks a pack offline. Exit: 0 it holds, 1 something of it does not. */
export async function verifyEvidence(file: string, { trust, checkpoint }: { readonly trust?: string | undefined; readonly checkpoint?: string | undefined }, context: CommandContext): Promise<ExitCode> {
  const known = trust === undefined ? null : await keysFrom(trust);
  const verifier = new PackVerifier(known, checkpoint === undefined ? null : await checkpointFrom(checkpoint));
  for await (const line of linesOf(file)) verifier.line(line);
  const verdict = verifier.end();
  if (context.format === 'json') printJson(context, verdict);
  else {
    printLines(context, verdictLines(file, verdict, context, known !== null));
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
