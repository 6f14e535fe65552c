import { ScratchDisk } from '../disk/scratch-disk.js';
import { runRace } from './run-race.js';

/** Sparse. Units: MiB. */
const DISK_MIB = 256;

/** The race as a process of its own, so that its mounts are nobody else's. On a fresh disk where one can be mounted, else where the machine's own temporary files lie. Prints its result as JSON. */
const [tries = '0', seed = '1', untilMs = '0'] = process.argv.slice(2);
const disk = ScratchDisk.tryMake('ext4', { MiB: DISK_MIB });
try {
  const result = await runRace({ tries: Number(tries), seed: Number(seed), untilMs: Number(untilMs), ...(disk === null ? {} : { place: disk.at }) });
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  disk?.remove();
}
