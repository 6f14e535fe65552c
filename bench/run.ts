import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchAccess } from './access.ts';
import { benchAgent } from './agent.ts';
import { machine, runProgram } from './compare.ts';
import { benchConsent } from './consent.ts';
import { benchEvent } from './event.ts';
import { benchInventory } from './inventory.ts';
import { benchLedger } from './ledger.ts';
import { benchPlan } from './plan.ts';
import { benchRotation } from './rotation.ts';
import { benchStart } from './start.ts';
import { benchTrimLog } from './trim-log.ts';
import { benchTrimTable } from './trim-table.ts';

const INVENTORY_FILES = 1_000_000;
const ROTATION_FILES = 200_000;
const ACCESS_FILES = 200_000;

/** Every bench by its name. `rescan` is measured with `inventory`, on the same tree. */
const BENCHES: Readonly<Record<string, (dir: string) => void | Promise<void>>> = {
  inventory: (dir) => benchInventory(INVENTORY_FILES, join(dir, 'tree')),
  access: (dir) => benchAccess(ACCESS_FILES, dir),
  rotation: (dir) => benchRotation(ROTATION_FILES, dir),
  'trim-log': benchTrimLog,
  'trim-table': benchTrimTable,
  plan: benchPlan,
  start: benchStart,
  agent: benchAgent,
  consent: benchConsent,
  event: benchEvent,
  ledger: benchLedger,
};

const wanted = process.argv.slice(2).map((name) => (name === 'rescan' ? 'inventory' : name));
const unknown = wanted.find((name) => !Object.hasOwn(BENCHES, name));
if (unknown !== undefined) {
  console.error(`no bench is called ${unknown}; there are: ${Object.keys(BENCHES).join(', ')}, rescan`);
  process.exit(2);
}
const dir = mkdtempSync(join(existsSync('/var/tmp') ? '/var/tmp' : tmpdir(), 'mailwarden-bench-'));
try {
  console.log(`machine: ${JSON.stringify(machine())}`);
  console.log(`peers: ${runProgram(['/usr/bin/find', '--version']).stdout.split('\n')[0] ?? ''}`);
  for (const [name, bench] of Object.entries(BENCHES)) if (wanted.length === 0 || wanted.includes(name)) await bench(dir);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
