import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildProgram } from '../../apps/cli/src/program.js';
import type { Doors } from './doors.js';

const TOKEN = 'a-token-of-the-local-command-line';

/** Lets the command line of this process in at these doors. */
export async function letCliIn({ plane, url }: Doors): Promise<void> {
  await Promise.all([writeFile(join(plane.dir, 'token'), TOKEN, { mode: 0o600 }), writeFile(join(plane.dir, 'cli-token'), TOKEN, { mode: 0o600 }), writeFile(join(plane.dir, 'address.json'), JSON.stringify({ url: url.origin }))]);
}

/** Runs the command line in this process, with its own parser: what it prints, and how it ends. Errors: those of the command. */
export async function told({ plane }: Pick<Doors, 'plane'>, ...args: readonly string[]): Promise<{ readonly text: string; readonly exit: number }> {
  const write = process.stdout.write.bind(process.stdout);
  let text = '';
  process.exitCode = undefined;
  process.stdout.write = ((chunk: string | Uint8Array) => {
    text += chunk.toString();
    return true;
  }) as typeof process.stdout.write;
  try {
    await buildProgram().parseAsync([...args, '--data', plane.dir, '--no-color'], { from: 'user' });
    return { text, exit: Number(process.exitCode ?? 0) };
  } finally {
    process.stdout.write = write;
    process.exitCode = undefined;
  }
}
