import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Probe } from '@mailwarden/catalogue';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHostRoot } from '../directory-descriptor.js';
import { runCommand } from './run-command.js';
import { runsAs } from './runs-as.js';

const isRoot = process.getuid?.() === 0;
const ONLY_ROOT = isRoot ? '' : ' (skipped: running as another account needs the super-user)';
const READS_ALL = '0000000000000004';
const ACCOUNT = { uid: 54_321, gid: 54_322 };
const source = (path: string): string => pathToFileURL(join(import.meta.dirname, path)).href;

/** A process as the agent's: an account of its own, with the right to read all, that its unit hands down to what it starts. */
function asAgent(script: string): string {
  const rights = ['--reuid=54321', '--regid=54321', '--clear-groups', '--inh-caps=-all,+dac_read_search', '--ambient-caps=-all,+dac_read_search'];
  return execFileSync('/usr/bin/setpriv', [...rights, process.execPath, '--disable-warning=ExperimentalWarning', '--import', source('../../../../scripts/from-source.mjs'), '--input-type=module', '-e', script], { encoding: 'utf8', cwd: '/', env: {} });
}

describe.runIf(isRoot)(`the rights of a command of a profile${ONLY_ROOT}`, () => {
  it("are the agent's without its right to read all, which the agent itself keeps", () => {
    const told = asAgent(`
      const { runCommand } = await import('${source('run-command.ts')}');
      const { readFileSync } = await import('node:fs');
      const grep = ['/bin/grep', '^CapEff', '/proc/self/status'];
      const answers = [await runCommand(grep, 5, 'us-without-capabilities'), await runCommand(grep, 5)].map(({ value }) => value);
      const own = readFileSync('/proc/self/status', 'latin1').match(/^Cap(?:Eff|Amb).*$/mg);
      console.log(JSON.stringify([...answers, ...own].map((line) => line.trim().split('\\t')[1])));
    `);
    expect(JSON.parse(told)).toEqual(['0000000000000000', READS_ALL, READS_ALL, READS_ALL]);
  });

  it('are those of an account, in a session of its own, where the profile names one', async () => {
    const told = await runCommand(['/bin/sh', '-c', 'id -u; id -g; id -G; [ "$(cut -d" " -f6 /proc/self/stat)" = $$ ] && echo own'], 5, ACCOUNT);
    expect(told).toEqual({ known: true, value: '54321\n54322\n54322\nown\n', source: '/bin/sh' });
    expect(await runCommand(['/bin/sh', '-c', 'sleep 9'], 1, ACCOUNT)).toEqual({ known: false, reason: '/bin/sh did not end within 1 s' });
  });
});

describe('whose rights a command runs with', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'mailwarden-runs-as-'));
    mkdirSync(join(root, 'etc'));
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:\nproduct:x:54321:54322::/:\nwheel:x:54323:0::/:\n');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const as = (account: string | null) => {
    const opened = openHostRoot(root);
    if (!opened.ok) throw new Error('the root cannot be opened');
    const probe: Extract<Probe, { kind: 'command' }> = { kind: 'command', command: ['/opt/tool'], account, parser: 'first-line', key: null, timeoutSeconds: 1 };
    return runsAs({ root: opened.value }, probe);
  };

  it('is never more than whoever measures, and never another than the one that is named', () => {
    expect(as(null)).toEqual({ known: true, value: 'us-without-capabilities' });
    if (!isRoot) return expect(as('product')).toEqual({ known: false, reason: '/opt/tool runs as product, and root alone can have it do so' });
    expect(as('product')).toEqual({ known: true, value: ACCOUNT });
    expect(as('nobody-knows')).toEqual({ known: false, reason: '/opt/tool runs as nobody-knows, which is no account of this host' });
    for (const name of ['root', 'wheel']) expect(as(name)).toEqual({ known: false, reason: `/opt/tool runs as ${name}, which is root here` });
  });
});
