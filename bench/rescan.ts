import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { compare, report, runProgram, type Side } from './compare.ts';

const PROCESS = join(import.meta.dirname, 'rescan-process.ts');
const ROUNDS = 5;

const said = z.object({ work: z.string(), ms: z.number(), effort: z.object({ foldersRead: z.number(), foldersRemembered: z.number() }) });

/** A scan in a process of its own, timed from the moment that the process is up: an agent is up already. */
function scanSide(name: string, parts: { root: string; profile: string; memory: string | null; readAcls?: boolean; prepare?: () => void; expectRead?: number }): Side {
  const { root, profile, memory, readAcls = true, prepare, expectRead } = parts;
  return {
    name,
    ...(prepare === undefined ? {} : { prepare }),
    run: () => {
      const { stdout, peakMiB } = runProgram([process.execPath, PROCESS, root, profile, memory ?? '', readAcls ? 'yes' : 'no']);
      const { work, ms, effort } = said.parse(JSON.parse(stdout));
      if (expectRead !== undefined && effort.foldersRead !== expectRead) throw new Error(`${name}: ${effort.foldersRead} folders were read, ${effort.foldersRemembered} remembered`);
      return { work, ms, peakMiB };
    },
  };
}

/** Scans that remember, beside `find`, which does not: nothing changed, and one folder of a hundred changed. */
export function benchRescan(find: Side, parts: { root: string; profile: string; folders: readonly string[] }): void {
  const { root, profile, folders } = parts;
  const memory = mkdtempSync(join(tmpdir(), 'mailwarden-memory-'));
  try {
    const first = { root, profile, memory };
    scanSide('first', first).run();
    const changed = folders.filter((_folder, index) => index % 100 === 0);
    let round = 0;
    const change = (): void => {
      round += 1;
      for (const folder of changed) {
        const passing = join(folder, `passing-${round}`);
        writeFileSync(passing, '');
        rmSync(passing);
      }
    };
    report('rescan', `the same tree again by a process that is up, with memory of the scan before; ${changed.length} folders changed in the last`, '0.02x of find with nothing changed, 0.05x with 1 % of folders changed', compare('rescan', [
      find,
      scanSide('all anew, no ACLs', { ...first, memory: null, readAcls: false }),
      scanSide('all anew', { ...first, memory: null }),
      scanSide('nothing changed', { ...first, expectRead: 0 }),
      scanSide('1 % of folders changed', { ...first, prepare: change, expectRead: changed.length }),
    ], ROUNDS));
  } finally {
    rmSync(memory, { recursive: true });
  }
}
