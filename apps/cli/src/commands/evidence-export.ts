import { ApiClient } from '../api-client.js';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import { newFile } from '../output/new-file.js';
import { printJson, type CommandContext } from './context.js';
import { keptIn } from './evidence-files.js';
import { momentFrom } from './hold.js';

export interface ExportOptions {
  readonly agreement?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly server?: string | undefined;
  readonly output: string;
  readonly checkpoint?: string | undefined;
}

interface Asked {
  readonly route: 'evidencePack' | 'evidencePeriod';
  readonly query: Readonly<Record<string, string>>;
  readonly what: string;
}

const END_OF_DAY = 'T23:59:59.999Z';

/** A day means all of it: the period ends when the next one begins. */
const endOf = (typed: string): string => {
  const at = momentFrom('--to', typed, 'end');
  return at.endsWith(END_OF_DAY) && !typed.includes('T') ? new Date(Date.parse(at) + 1).toISOString() : at;
};

/** Errors: CommandFailure where it is neither an agreement nor a period, or both. */
function askedFor({ agreement, from, to, server }: ExportOptions): Asked {
  const isPeriod = from !== undefined || to !== undefined || server !== undefined;
  if (agreement !== undefined && !isPeriod) return { route: 'evidencePack', query: { agreement }, what: agreement };
  if (agreement !== undefined || from === undefined) throw new CommandFailure('a pack is about one agreement, or about a period', 'give --agreement AGREEMENT, or --from DAY and where it ends --to DAY, and with these --server NAME for one server');
  const period = { from: momentFrom('--from', from, 'beginning'), to: to === undefined ? new Date().toISOString() : endOf(to) };
  if (period.from >= period.to) throw new CommandFailure(`the period ends at ${period.to}, before it begins`, 'give --from the earlier moment');
  return { route: 'evidencePeriod', query: { ...period, ...(server === undefined ? {} : { server }) }, what: `${server ?? 'the fleet'} from ${period.from} to ${period.to}` };
}

/** Size of the oldest checkpoint of a file, which the pack is to be shown to go on from. */
async function sinceOf(file: string): Promise<string> {
  const { checkpoints } = await keptIn(file);
  const [oldest] = checkpoints.map(({ payload }) => payload.size).toSorted((one, other) => one - other);
  if (oldest === undefined) throw new CommandFailure(`${file} is a time stamp, and does not say how many entries the ledger had`, 'export without it; it is held against the checkpoints of the pack by: mailwarden evidence verify --checkpoint');
  return String(oldest);
}

/** Writes a pack. One that could not be finished has no seal, and whoever checks it is told so. */
export async function exportEvidence(options: ExportOptions, context: CommandContext): Promise<ExitCode> {
  const { output, checkpoint } = options;
  const client = await ApiClient.forRuntime(context.dataDir);
  const { route, query, what } = askedFor(options);
  const pieces = await client.download(route, { ...query, ...(checkpoint === undefined ? {} : { since: await sinceOf(checkpoint) }) });
  await using file = await newFile(output);
  let bytes = 0;
  try {
    for await (const piece of pieces) {
      await file.write(piece);
      bytes += piece.length;
    }
  } catch (cause) {
    throw new CommandFailure(`the evidence of ${what} ended in the middle: ${output} is not whole`, `see: mailwarden status --data ${context.dataDir}`, [], { cause });
  }
  if (context.format === 'json') printJson(context, { file: output, bytes });
  else context.print(`The evidence of ${what} is in ${output}. ${route === 'evidencePack' ? 'It names who decided. ' : ''}To check it: mailwarden evidence verify ${output}`);
  return EXIT.nothingFound;
}
