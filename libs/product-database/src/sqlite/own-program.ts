import { fileURLToPath } from 'node:url';

const FROM_SOURCE = import.meta.url.endsWith('.ts');
/** Suites run from source. What reads the suites starts a program in two thirds of the time that Node's own way takes. */
const READS_SOURCE = FROM_SOURCE ? [`--import=${new URL('../../../../scripts/from-source.mjs', import.meta.url).href}`] : [];

/** SIGUSR1 of whoever has the same account would open a debugger, and with it every right that the program has. */
const CLOSED = '--disable-sigusr1';

/** Command line of a program of ours that does one thing to a file of SQLite. `place` is where it lies, without its ending. Units: MB. */
export function ownProgram(place: URL, heapMbMax: number): readonly [string, ...string[]] {
  return [process.execPath, CLOSED, '--disable-warning=ExperimentalWarning', `--max-old-space-size=${heapMbMax}`, ...READS_SOURCE, `${fileURLToPath(place)}${FROM_SOURCE ? '.ts' : '.js'}`];
}
