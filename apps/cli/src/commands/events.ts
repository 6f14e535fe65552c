import { liveUpdate } from '@mailwarden/contracts';
import { ApiClient } from '../api-client.js';
import { EXIT, type ExitCode } from '../failure.js';
import { printable } from '../output/terminal.js';
import type { CommandContext } from './context.js';

/** What a person reads of an event: its fields as `name=value`. Proofs and keys are left to `--format json`. */
const FOR_MACHINES = new Set(['signature', 'keyId', 'rootHash']);
export const detailText = (detail: Readonly<Record<string, unknown>>): string =>
  Object.entries(detail)
    .filter(([name, value]) => value !== null && !FOR_MACHINES.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' && /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value)}`)
    .join(' ');

/** Prints the newest events, oldest first, then each new one until interrupted (or until `count` were printed). */
export async function eventsTail(options: { readonly count: number | null; readonly follow: boolean }, context: CommandContext): Promise<ExitCode> {
  const client = await ApiClient.forRuntime(context.dataDir);
  let newest = -1;
  let printed = 0;
  const printNew = async (): Promise<boolean> => {
    const page = await client.ask('events');
    const fresh = page.items.filter((event) => event.sequence > newest).sort((a, b) => a.sequence - b.sequence);
    // Of more than was asked for, the newest: that is what "tail" means everywhere else.
    for (const event of options.count === null ? fresh : fresh.slice(-(options.count - printed))) {
      newest = event.sequence;
      printed += 1;
      context.print(context.format === 'json' ? JSON.stringify(event) : printable(`${event.at}  ${event.severity.padEnd(8)} ${event.server.padEnd(12)} ${event.event.padEnd(20)} ${detailText(event.detail)}`));
      if (options.count !== null && printed >= options.count) return true;
    }
    return false;
  };
  if (options.count === 0 || (await printNew()) || !options.follow) return EXIT.nothingFound;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  try {
    for await (const line of client.live(stop.signal)) {
      const update = liveUpdate.safeParse(JSON.parse(line));
      if (update.success && update.data.topic === 'events' && (await printNew())) break;
    }
  } catch (cause) {
    if (!stop.signal.aborted) throw cause;
  }
  stop.abort();
  return EXIT.nothingFound;
}
