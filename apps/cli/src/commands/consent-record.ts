import { ApiClient } from '../api-client.js';
import { EXIT, type ExitCode } from '../failure.js';
import { newFile } from '../output/new-file.js';
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
    await using file = await newFile(output);
    await file.writeFile(`${document}\n`);
    context.print(`${decision === undefined ? `The consent record of ${agreement}` : `The receipt of decision ${decision}`} is in ${output}`);
  }
  return EXIT.nothingFound;
}
