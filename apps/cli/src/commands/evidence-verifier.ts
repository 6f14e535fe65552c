import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import type { CommandContext } from './context.js';

/** Beside the installed program, and beside its source. */
const FILE = join(import.meta.dirname, '../../../../deploy/evidence/verify-evidence.mjs');

/** Prints the program that checks packs by itself, to be put beside one; its SHA-256 goes to standard error, so that it can be told by another way. */
export async function printVerifier(_context: CommandContext): Promise<ExitCode> {
  const text = await readFile(FILE).catch((cause: unknown) => {
    throw new CommandFailure(`the verifier is not where it was installed: ${FILE}`, 'install this version anew', [], { cause });
  });
  process.stdout.write(text.toString('utf8'));
  process.stderr.write(`SHA-256 ${createHash('sha256').update(text).digest('hex')}\n`);
  return EXIT.nothingFound;
}
