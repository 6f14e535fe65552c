import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT, type ExitCode } from '../failure.js';
import { PLAIN } from '../output/terminal.js';
import { scan } from './scan.js';

const WIDTH = 70;
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-cli-scan-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function lay(path: string, text: string): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

async function told(width: number | null, profile: readonly string[] = []): Promise<{ exit: ExitCode; lines: string[] }> {
  const lines: string[] = [];
  const exit = await scan({ root, profile }, { dataDir: root, format: 'text', style: { ...PLAIN, width }, print: (line) => lines.push(line) });
  return { exit, lines };
}

describe('mailwarden scan in text', () => {
  it('is short where nothing of the product is there, and says that nothing was measured', async () => {
    const { exit, lines } = await told(null, ['kaspersky-klms-8']);
    expect(exit).toBe(EXIT.failed);
    expect(lines.length).toBeLessThan(24);
    expect(lines.filter((line) => line.endsWith('nothing of it exists on this host')).length).toBe(10);
    expect(lines.join('\n')).not.toContain('switched on');
  });

  it('says first how it stands, names stores as a policy does, and fits the terminal', async () => {
    lay('var/opt/kaspersky/klms/installer.dat', 'EULA_AGREED=yes\nPRODUCT_VERSION=8.0.3\n');
    lay('var/opt/kaspersky/klms/backup/a1/letter.eml', 'Subject: a\n\nbody\n');
    lay('etc/opt/kaspersky/klms/settings.conf', 'enableDumps=1\nksnMode=off\nbackupMaxSizeMb=7320\n');
    const { exit, lines } = await told(WIDTH);
    expect(exit).toBe(EXIT.found);
    expect(lines[0]).toBe('Found on this host: Kaspersky Security 8 for Linux Mail Server');
    expect(lines.slice(0, 9).join('\n')).toMatch(/^\d+ findings: .*high/m);
    expect(lines).toContain('  store      kaspersky-klms-8/backup, pair');
    expect(lines.some((line) => line.startsWith('Event log and audit log: audit log'))).toBe(true);
    expect(lines.join('\n')).toContain('under 1 % of');
    // A single word that is longer than a line, as a hash is, stays whole.
    expect(lines.filter((line) => line.length > WIDTH && !/\S{50}/.test(line))).toEqual([]);
  });

  it('without a profile says what was looked for where nothing is found', async () => {
    await expect(told(null)).rejects.toMatchObject({ message: 'none of the products that Mailwarden knows is on this host', details: [expect.stringMatching(/^looked for: .*Dovecot.*Postfix/)] });
  });

  it('without a profile prints JSON as a list, however many products there are', async () => {
    lay('var/opt/kaspersky/klms/installer.dat', 'PRODUCT_VERSION=8.0.3\n');
    const lines: string[] = [];
    const json = async (profile: readonly string[]): Promise<unknown> => {
      lines.length = 0;
      await scan({ root, profile }, { dataDir: root, format: 'json', style: PLAIN, print: (line) => lines.push(line) });
      return JSON.parse(lines.join('\n'));
    };
    expect(await json([])).toMatchObject([{ product: { id: 'kaspersky-klms-8' } }]);
    expect(await json(['kaspersky-klms-8'])).toMatchObject({ product: { id: 'kaspersky-klms-8' } });
  });
});
