import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT, type ExitCode } from '../failure.js';
import { accessDocument } from '../output/access-json.js';
import { PLAIN } from '../output/terminal.js';
import { access } from './access.js';

const OWN_UID = process.getuid?.() ?? 0;
const PROFILE = `schema: mailwarden/profile/v1
id: letters
product: { name: Letters, vendor: None, versions: "*" }
sources: { here: { title: This test, url: null, date: null, kind: general } }
accounts: { service: letters, groups: [] }
services: []
stores:
  - { id: inbox, section: Inbox, kind: files, directories: null, files: [ "/var/letters/inbox/**" ], data-categories: null, duration: not-stated, protection: { accounts: [ root, letters ], groups: [], source: here }, rotatable: false }
  - { id: outbox, section: Outbox, kind: files, directories: null, files: [ "/var/letters/outbox/**" ], data-categories: null, duration: not-stated, protection: { accounts: null, groups: [], source: null }, rotatable: false }
`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-cli-access-'));
  chmodSync(root, 0o755);
  lay('etc/passwd', `root:x:0:0::/:\nletters:x:${OWN_UID === 0 ? 998 : OWN_UID}:998::/:\nwww-data:x:33:33::/:\n`);
  lay('etc/group', 'root:x:0:\nletters:x:998:\n');
  lay('profile.yaml', PROFILE);
  lay('var/letters/inbox/a', 'x');
  lay('var/letters/outbox/b', 'x');
  // Whatever mask of new files this runs under.
  for (const folder of ['var', 'var/letters', 'var/letters/outbox']) chmodSync(join(root, folder), 0o755);
  chmodSync(join(root, 'var/letters/inbox'), 0o700);
  chmodSync(join(root, 'var/letters/inbox/a'), 0o644);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function lay(path: string, text: string): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o644 });
}

async function told(store: string | null, format: 'text' | 'json' = 'text'): Promise<{ exit: ExitCode; text: string }> {
  const lines: string[] = [];
  const exit = await access({ root, profile: [join(root, 'profile.yaml')], store }, { dataDir: root, format, style: PLAIN, print: (line) => lines.push(line) });
  return { exit, text: lines.join('\n') };
}

describe('mailwarden access', () => {
  it('shows who gets in, and that it is as the profile says', async () => {
    const { exit, text } = await told('inbox');
    expect(exit).toBe(EXIT.nothingFound);
    expect(text).toMatch(/^ {2}root +read, write +yes +the super-user$/m);
    expect(text).toContain('letters/inbox: the profile names root, letters');
    expect(text).not.toContain('www-data');
    expect(text).not.toContain('Outbox');
  });

  it('names who else gets in, and by what', async () => {
    chmodSync(join(root, 'var/letters/inbox'), 0o755);
    const { exit, text } = await told('letters/inbox');
    expect(exit).toBe(EXIT.found);
    expect(text).toMatch(/^ {2}www-data +read +▲ no +mode 0644 lets everyone in$/m);
    expect(text).toMatch(/^ {2}everyone +read +▲ no +mode 0644 lets everyone in \(2 entries\)$/m);
  });

  it('takes nothing for granted where the vendor does not say who may', async () => {
    expect((await told('outbox')).text).toMatch(/^ {2}www-data +read +not stated +mode/m);
  });

  it('prints all stores as JSON of its published form', async () => {
    const { text } = await told(null, 'json');
    const document = accessDocument.parse(JSON.parse(text));
    expect(document.stores.map(({ id }) => id)).toEqual(['inbox', 'outbox']);
    expect(document.stores[0]?.access.accounts[0]).toEqual({ name: 'root', read: true, write: true, because: 'the super-user', declared: true });
  });

  it('does not take a mistyped store for one that nobody gets into', async () => {
    await expect(told('inbux')).rejects.toMatchObject({ message: 'no store is called inbux', advice: 'did you mean inbox?' });
  });

  it('says that it could not measure where nothing is there', async () => {
    rmSync(join(root, 'var'), { recursive: true });
    expect((await told(null)).exit).toBe(EXIT.failed);
  });
});
