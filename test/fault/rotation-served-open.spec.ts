import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isRoot, ONLY_ROOT } from '../integration/only-root.js';
import { FailingFileSystem } from './fuse/failing-file-system.js';

const STRANGER = 54_321;
const ANSWER_MS_MAX = 20_000;
const SUITE_MS = 60_000;
const sourceOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** In a process of its own: whoever waits for a file server waits for good. */
function looked(module: string, call: string): { readonly isHeld: boolean; readonly said: string } {
  const script = `import { ${call.slice(0, call.indexOf('('))} } from '${sourceOf(module)}'; ${call}; console.log('looked');`;
  const { error, stdout } = spawnSync(process.execPath, ['--import', sourceOf('scripts/from-source.mjs'), '--input-type=module', '-e', script], { encoding: 'utf8', timeout: ANSWER_MS_MAX, killSignal: 'SIGKILL' });
  return { isHeld: error !== undefined, said: stdout.trim() };
}

describe.runIf(isRoot)(`a file that is open on a file system of another account${ONLY_ROOT}`, () => {
  it.each([
    ['which files are open for writing', 'libs/rotation-fs/src/files/open-for-writing.ts', 'openForWriting()'],
    ['who writes to a log', 'libs/rotation-fs/src/logs/log-writers.ts', 'writersOf({ dev: 1, ino: 1 })'],
  ])('holds nobody who asks %s, though it never answers', async (_what, module, call) => {
    const dir = mkdtempSync(join(tmpdir(), 'mailwarden-served-'));
    const place = join(dir, 'served');
    mkdirSync(place);
    const disk = await FailingFileSystem.mount({ at: place, files: { open: 3 }, faults: [], by: STRANGER });
    if (disk === null) throw new Error('this place lets nobody mount a FUSE file system');
    const holder = spawn('/bin/sh', ['-c', `exec 7<>${join(place, 'open')}; echo open; exec sleep 600`], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(holder.stdout, 'data');
      disk.hang();
      expect(looked(module, call)).toEqual({ isHeld: false, said: 'looked' });
    } finally {
      holder.kill('SIGKILL');
      await disk.end();
      rmSync(dir, { recursive: true });
    }
  }, SUITE_MS);
});
