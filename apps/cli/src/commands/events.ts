import { liveUpdate } from '@mailwarden/contracts';
import { ApiClient } from '../api-client.js';
import { EXIT, type ExitCode } from '../failure.js';
import { printable } from '../output/terminal.js';
import type { CommandContext } from './context.js';

/** Prints the newest events, oldest first, then each new one until interrupted (or until `count` were printed). */
export async function eventsTail(options: { readonly count: number | null; readonly follow: boolean }, context: CommandContext): Promise<ExitCode> {
  const client = await ApiClient.forRuntime(context.dataDir);
  let newest = -1;
  let printed = 0;
  const printNew = async (): Promise<boolean> => {
    const page = await client.ask('events');
    for (const event of [...page.items].sort((a, b) => a.sequence - b.sequence)) {
      if (event.sequence <= newest) continue;
      newest = event.sequence;
      printed += 1;
      context.print(context.format === 'json' ? JSON.stringify(event) : printable(`${event.at}  ${event.severity.padEnd(8)} ${event.server.padEnd(12)} ${event.event.padEnd(20)} ${JSON.stringify(event.detail)}`));
      if (options.count !== null && printed >= options.count) return true;
    }
    return false;
  };
  if ((await printNew()) || !options.follow) return EXIT.nothingFound;
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
