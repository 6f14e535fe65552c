import { runModel } from './run-model.js';

/** The model suite as a process of its own. Prints its result as JSON. */
const [cases = '0', seed = '1', untilMs = '0', smallest = 'smallest'] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(await runModel({ cases: Number(cases), seed: Number(seed), untilMs: Number(untilMs), smallest: smallest === 'smallest' }))}\n`);
