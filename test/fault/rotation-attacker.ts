import { mkdirSync, renameSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Somebody who may write in the store and wants the executor to delete what it must not: swaps a folder for a link to outside and back, and gives planned names to young files, as fast as it can, until it is ended.
 * Prints what it did when it is asked to end. Outside lie the same names as in the swapped folder, all old: one deletion through the link would be seen.
 */
const [store = '', outside = ''] = process.argv.slice(2);
/** A leaf is old for so many rounds, and young from then on. */
const OLD_ROUNDS = 4;
const ROUNDS_A_TURN = 50;
const OLD_AT_S = 1_000_000;
const [swapped, aside, leaves, young] = [join(store, 'swapped'), join(store, 'aside'), join(store, 'leaves'), join(store, 'young')];
const until = new AbortController();
process.on('SIGTERM', () => until.abort());

function writeOld(path: string, text: string): void {
  writeFileSync(path, text);
  utimesSync(path, OLD_AT_S, OLD_AT_S);
}

for (const folder of [swapped, leaves, young]) mkdirSync(folder, { recursive: true });
process.stdout.write('begun\n');
let rounds = 0;
for (; !until.signal.aborted; rounds += 1) {
  renameSync(swapped, aside);
  symlinkSync(outside, swapped);
  writeOld(join(outside, `letter-${rounds}`), 'precious');
  writeOld(join(aside, `letter-${rounds}`), 'old');
  writeOld(join(leaves, `letter-${rounds}`), 'old');
  if (rounds >= OLD_ROUNDS) {
    writeFileSync(join(young, 'next'), 'young'); // Takes the name of an old one, which a plan may hold.
    renameSync(join(young, 'next'), join(leaves, `letter-${rounds - OLD_ROUNDS}`));
  }
  unlinkSync(swapped);
  renameSync(aside, swapped);
  if (rounds % ROUNDS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
}
process.stdout.write(`${JSON.stringify({ swaps: rounds, young: Math.max(0, rounds - OLD_ROUNDS), outside: rounds })}\n`);
