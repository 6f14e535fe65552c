import { createHash } from 'node:crypto';
import { PeriodSummary } from '@mailwarden/evidence-pack';
import { EXIT, type ExitCode } from '../failure.js';
import { evidencePage } from '../output/evidence-html.js';
import { newFile } from '../output/new-file.js';
import { printJson, type CommandContext } from './context.js';
import { verifierFor, type VerifyOptions } from './evidence.js';
import { packLines } from './pack-bytes.js';

/** Checks a pack and writes what it holds as a page to print. Exit: 0 it holds, 1 it does not, and the page says so. */
export async function reportEvidence(file: string, { output, ...options }: VerifyOptions & { readonly output: string }, context: CommandContext): Promise<ExitCode> {
  const summary = new PeriodSummary();
  const verifier = await verifierFor(options, { onEntry: (entry) => summary.take(entry) });
  const hash = createHash('sha256');
  for await (const line of packLines(file)) {
    verifier.line(line);
    hash.update(line).update('\n');
  }
  const verdict = verifier.end();
  summary.finish();
  await using page = await newFile(output);
  await page.write(evidencePage(verdict, summary, { sha256: hash.digest('hex'), knownKeys: options.trust !== undefined }));
  if (context.format === 'json') printJson(context, { file: output, holds: verdict.holds, problems: verdict.problems });
  else context.print(`${verdict.holds ? context.style.green('holds') : context.style.red('FAILS')}  what ${file} holds is in ${output}`);
  return verdict.holds ? EXIT.nothingFound : EXIT.found;
}
