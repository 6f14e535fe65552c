import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandContext } from '../../apps/cli/src/commands/context.js';
import { scan } from '../../apps/cli/src/commands/scan.js';
import { scanDocument, type ScanDocument } from '../../apps/cli/src/output/scan-json.js';
import { PLAIN } from '../../apps/cli/src/output/terminal.js';
import { isRoot, ONLY_ROOT } from './only-root.js';

const KLMS = 'var/opt/kaspersky/klms';
const SETTINGS = `${KLMS}/installer.dat`;
const KLUSER = 998;
const MOVED = 'srv/klms/backup';

let root: string;
function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true, mode: 0o755 });
  writeFileSync(join(root, path), text, { mode: 0o644 });
}
const setting = (backup: string): void => put(SETTINGS, `EULA_AGREED=yes\nPRODUCT_VERSION=8.0.3\nBACKUP_PATH=${backup}\n`);

async function scanned(): Promise<{ found: ScanDocument['findings']; letters: unknown }> {
  const printed: string[] = [];
  const context: CommandContext = { dataDir: '.mailwarden', format: 'json', style: PLAIN, print: (line) => void printed.push(line) };
  await scan({ profile: ['kaspersky-klms-8'], root }, context);
  const { findings, stores } = scanDocument.parse(JSON.parse(printed.join('\n')));
  return { found: findings.filter(({ code }) => code === 'setting-passed-over'), letters: stores.find(({ id }) => id === 'backup')?.items };
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-setting-'));
  chmodSync(root, 0o755);
  put('etc/passwd', `root:x:0:0:root:/root:/bin/sh\nkluser:x:${KLUSER}:${KLUSER}::/var/opt/kaspersky:/usr/sbin/nologin\n`);
  put('etc/group', `root:x:0:\nklusers:x:${KLUSER}:\n`);
  put(`${KLMS}/backup/old/letter.eml`, 'Subject: a\n\nbody\n');
  for (const name of ['a', 'b', 'c']) put(`${MOVED}/${name}.eml`, 'Subject: a\n\nbody\n');
  setting(`/${MOVED}`);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe.runIf(isRoot)(`a setting that moves a store${ONLY_ROOT}`, () => {
  it("that others than root can write, to a folder that is not the product's, does not count and is told with its file, the reason and the way out", async () => {
    chownSync(join(root, SETTINGS), KLUSER, KLUSER);
    const { found, letters } = await scanned();
    expect(found).toEqual([
      {
        code: 'setting-passed-over', severity: 'medium', store: null, subject: 'backupPath', source: `/${SETTINGS}, BACKUP_PATH`,
        message: `the setting of backupPath (/${SETTINGS}, BACKUP_PATH) does not count: others than root can write it, and the folder that it names belongs to no account of the product`,
        advice: expect.stringContaining("give the folder to the product's account, or let root alone write the file"),
      },
    ]);
    // What the setting names may be anybody's: it is not repeated.
    expect(JSON.stringify(found)).not.toContain(MOVED);
    expect(letters).toMatchObject({ value: 1 });
  });
  it('is told also where others can only put another file in its place', async () => {
    chmodSync(join(root, KLMS), 0o777);
    expect((await scanned()).found).toHaveLength(1);
  });
  it.each([
    ['root alone can write it', () => undefined, 3],
    ["the folder is the product's", () => (chownSync(join(root, SETTINGS), KLUSER, KLUSER), chownSync(join(root, MOVED), KLUSER, KLUSER)), 3],
    ['it names the place that counts anyway', () => (setting(`/${KLMS}/backup/`), chownSync(join(root, SETTINGS), KLUSER, KLUSER)), 1],
    ['the folder is not there', () => (setting('/srv/none'), chownSync(join(root, SETTINGS), KLUSER, KLUSER)), 0],
  ])('is no finding where %s', async (_what, prepare, letters) => {
    prepare();
    const seen = await scanned();
    expect(seen).toMatchObject({ found: [], letters: { value: letters } });
  });
});
