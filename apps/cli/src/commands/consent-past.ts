import type { ConsentAt } from '@mailwarden/contracts';
import { ApiClient } from '../api-client.js';
import { EXIT, type ExitCode } from '../failure.js';
import { renderTable } from '../output/table.js';
import { alike } from './consent.js';
import { printJson, printLines, type CommandContext } from './context.js';
import { momentFrom } from './hold.js';
import { someNames } from './named-things.js';

export interface PastOptions {
  readonly knownAt?: string | undefined;
  readonly server?: string | undefined;
}

/** What a heading says of the two instants. */
const headingOf = ({ at, knownAt }: ConsentAt): string => (at === knownAt ? `Consent at ${at}, as it was known then:` : `Consent at ${at}, as it was known at ${knownAt}:`);

/** What counted at an instant: as it was known then, or at another. */
export async function consentPast(typed: string, options: PastOptions, context: CommandContext): Promise<ExitCode> {
  const at = momentFrom('the instant', typed, 'end');
  const client = await ApiClient.forRuntime(context.dataDir);
  const past = await client.ask('consentAt', { query: { at, 'known-at': options.knownAt === undefined ? undefined : momentFrom('--known-at', options.knownAt, 'end'), server: options.server } });
  if (context.format === 'json') printJson(context, past);
  else {
    context.print(headingOf(past));
    printLines(context, renderTable([
      { title: 'agreement', text: (row) => row.agreement },
      { title: 'state', text: (row) => row.state, style: (row, style) => (row.state === 'granted' ? style.green : style.yellow) },
      { title: 'because', text: (row) => row.because },
      { title: 'servers', text: (row) => someNames(row.servers) },
    ], alike(past.rows), context.style));
    if (past.rowsLeft > 0) context.print(`and ${past.rowsLeft} more lines; name a server with --server`);
  }
  return EXIT.nothingFound;
}
