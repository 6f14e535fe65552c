import { appendFileSync, linkSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Changes a folder without rest, as a busy mail queue and an attacker together would: makes, grows, cuts, renames, links, removes, and puts other things in place of files and folders. */
const [, , folder = ''] = process.argv;
const NAMES = 8;
/** It says now and then that it lives. */
const TURNS_PER_TELL = 200;

const at = (turn: number, kind: string): string => join(folder, `${kind}-${turn % NAMES}`);
const CHANGES: readonly ((turn: number) => void)[] = [
  (turn) => writeFileSync(at(turn, 'x'), 'x'.repeat(turn % 10_000)),
  (turn) => appendFileSync(at(turn + 1, 'x'), 'more'),
  (turn) => truncateSync(at(turn + 2, 'x'), 0),
  (turn) => renameSync(at(turn, 'x'), at(turn + 3, 'x')),
  (turn) => linkSync(at(turn + 3, 'x'), at(turn, 'y')),
  (turn) => rmSync(at(turn + 4, 'y'), { recursive: true, force: true }),
  (turn) => mkdirSync(join(at(turn, 'd'), 'inner'), { recursive: true }),
  (turn) => writeFileSync(join(at(turn, 'd'), 'inner', 'letter'), 'x'),
  (turn) => renameSync(at(turn, 'd'), at(turn + 1, 'd')),
  (turn) => rmSync(at(turn + 2, 'd'), { recursive: true, force: true }),
  (turn) => symlinkSync('..', at(turn + 2, 'd')),
  (turn) => rmSync(at(turn + 3, 'x'), { recursive: true, force: true }),
];

for (let turn = 0; ; turn += 1) {
  for (const change of CHANGES) {
    try {
      change(turn);
    } catch {
      // What it wanted to change is something else by now.
    }
  }
  if (turn % TURNS_PER_TELL === 0) process.stdout.write('.');
}
