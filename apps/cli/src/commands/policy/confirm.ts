import { createInterface } from 'node:readline/promises';
import { CommandFailure } from '../../failure.js';

const YES = /^y(?:es)?$/i;

/** Asks whoever sits at the terminal. Errors: CommandFailure where nobody does, since silence is no consent. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new CommandFailure('nobody is here to confirm it; nothing was changed', 'run it on a terminal, or give --yes after a look at: mailwarden policy plan and policy diff');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return YES.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
