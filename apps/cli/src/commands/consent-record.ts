import { writeFile } from 'node:fs/promises';
import { ApiClient } from '../api-client.js';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import type { CommandContext } from './context.js';

export interface RecordOptions {
  readonly decision?: string | undefined;
  readonly output?: string | undefined;
}

/** The consent record of an agreement, or the receipt of one decision, as JSON-LD: printed, or written to a file that whoever runs this may read alone. */
export async function writeConsentRecord(agreement: string, { decision, output }: RecordOptions, context: CommandContext): Promise<ExitCode> {
  const client = await ApiClient.forRuntime(context.dataDir);
  const document = JSON.stringify(await client.ask('consentRecord', { query: { agreement, decision } }), null, 2);
  if (output === undefined) context.print(document);
  else {
    try {
      await writeFile(output, `${document}\n`, { mode: 0o600, flag: 'wx' });
    } catch (cause) {
      const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
      throw new CommandFailure(`${output} cannot be written: ${exists ? 'it is there already' : cause instanceof Error ? cause.message : 'it failed'}`, exists ? 'name another file, or remove it first' : 'name a file in a folder that this account may write to', [], { cause });
    }
    context.print(`${decision === undefined ? `The consent record of ${agreement}` : `The receipt of decision ${decision}`} is in ${output}`);
  }
  return EXIT.nothingFound;
}
