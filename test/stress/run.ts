import { parseArgs } from 'node:util';
import { KILLED, stressCrash, stressModel, stressRace, WITHOUT_POWER, type Stress } from './suite-runs.js';
import { stressFault } from './fault-runs.js';
import { stressProperties } from './properties.js';
import { withoutGuards } from './without-guards.js';

const HELP = `bin/stress NAME [--seed N] [--minutes M] [--most N] [--only TEXT]

The proofs of rotation, for as long as you have time. Needs root; everything it mounts is its own.

  race       three processes swap folders, names and mounts under the executor; ends after 1 000 000 tries
  crash      executors over files and pairs, killed at moments of the seed
  powercut   the same on ext4 and XFS, whose disk loses its power
  fault      disks that fail, are full or read-only; few descriptors; a database that vanishes; clocks that jump
  model      random stores, orders, holds and mishaps against a reference model
  properties the properties that stand beside the code, with one seed after the other
  guards     takes the walls of the engine away, one by one, and expects the suites to see it

  --seed N     repeats a run; without it, one is chosen and printed
  --minutes M  most so long; 10 without it
  --most N     most so many tries or cases
  --only TEXT  of the guards, those whose name holds the text

Example: bin/stress race --seed 7 --minutes 2
`;
const MINUTE_MS = 60_000;
const MINUTES = 10;
const RACE_TRIES = 1_000_000;
/** A run ends by the time, not by the count. */
const ENDLESS = 1_000_000_000;
/** So many cases in a row over one place. */
const CASES_A_TURN = 20;
const SEED_STEP = 1_000;

/** One place after the other, until the time is over or something is wrong. */
function inTurns(places: readonly Parameters<typeof stressCrash>[1][]): Stress {
  return async (terms) => {
    let count = 0;
    for (let turn = 0; Date.now() < terms.untilMs && count < terms.most; turn += 1) {
      const place = places[turn % places.length] ?? { pairs: false, disk: null, journal: 'beside' };
      const end = await stressCrash({ ...terms, seed: terms.seed + turn * SEED_STEP, most: Math.min(CASES_A_TURN, terms.most - count) }, place);
      console.log(end.did);
      count += end.count;
      if (end.wrong.length > 0) return { ...end, did: `seed ${terms.seed + turn * SEED_STEP}, ${end.did}` };
    }
    return { wrong: [], count, did: `${count} cases` };
  };
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { seed: { type: 'string' }, minutes: { type: 'string' }, most: { type: 'string' }, only: { type: 'string', default: '' }, help: { type: 'boolean', default: false } } });
const STRESSES: Readonly<Record<string, Stress>> = { race: stressRace, crash: inTurns(KILLED), powercut: inTurns(WITHOUT_POWER), fault: stressFault, model: stressModel, properties: stressProperties, guards: withoutGuards(values.only) };
const [name = ''] = positionals;
const stress = STRESSES[name];
if (stress === undefined || values.help) {
  console.error(HELP);
  process.exit(values.help ? 0 : 2);
}
if (process.getuid?.() !== 0) {
  console.error('bin/stress needs root: it mounts, and it works as other accounts. Try: sudo bin/stress --help');
  process.exit(2);
}
const numberOf = (text: string | undefined, otherwise: number): number => {
  const number = text === undefined ? otherwise : Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  console.error(`${text ?? ''} is not a number above nothing`);
  process.exit(2);
};
const seed = Math.floor(numberOf(values.seed, 1 + Math.floor(Math.random() * 1e9)));
const minutes = numberOf(values.minutes, MINUTES);
console.log(`${name}: seed ${seed}, at most ${minutes} minutes`);
const end = await stress({ seed, most: numberOf(values.most, name === 'race' ? RACE_TRIES : ENDLESS), untilMs: Date.now() + minutes * MINUTE_MS });
console.log(end.did);
for (const wrong of end.wrong) console.error(`WRONG ${wrong}`);
console.log(end.wrong.length === 0 ? 'nothing wrong' : `again: bin/stress ${name} --seed ${seed}`);
process.exit(end.wrong.length === 0 ? 0 : 1);
