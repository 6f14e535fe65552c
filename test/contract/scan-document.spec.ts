import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandContext } from '../../apps/cli/src/commands/context.js';
import { scan } from '../../apps/cli/src/commands/scan.js';
import { EXIT, type ExitCode } from '../../apps/cli/src/failure.js';
import { scanDocument, type ScanDocument } from '../../apps/cli/src/output/scan-json.js';
import { PLAIN } from '../../apps/cli/src/output/terminal.js';
import { filledRows } from './seed-table.js';

const SCHEMA = join(import.meta.dirname, '../../docs/reference/scan.schema.json');
const KLMS = 'var/opt/kaspersky/klms';

/** A host without its databases: some letters, a log, a leftover, settings that anybody may read. */
const TREE: Readonly<Record<string, string>> = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nkluser:x:998:998::/var/opt/kaspersky:/usr/sbin/nologin\nguest:x:1000:1000::/home/guest:/bin/sh\n',
  'etc/group': 'root:x:0:\nklusers:x:998:\nguest:x:1000:\n',
  [`${KLMS}/backup/a1/letter.eml`]: 'Subject: a\n\nbody\n',
  [`${KLMS}/asp_quarantine/\u202Egnp.exe`]: 'x',
  [`${KLMS}/installer.dat`]: 'EULA_AGREED=yes\nPRODUCT_VERSION=8.0.3\n',
  'etc/opt/kaspersky/klms/settings.conf': 'enableDumps=1\nksnMode=off\nbackupMaxSizeMb=7320\n',
  'var/log/kaspersky/klms.log': 'started\n',
  'tmp/klmstmp/part': 'half a letter',
};

describe('the JSON of mailwarden scan', () => {
  let root = '';
  let exit: ExitCode = EXIT.failed;
  let document: ScanDocument;
  let raw: unknown;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'mailwarden-scan-'));
    await chmod(root, 0o755);
    for (const [path, text] of Object.entries(TREE)) {
      await mkdir(dirname(join(root, path)), { recursive: true, mode: 0o755 });
      await writeFile(join(root, path), text, { mode: 0o644 });
    }
    const printed: string[] = [];
    const context: CommandContext = { dataDir: '.mailwarden', format: 'json', style: PLAIN, print: (line) => void printed.push(line) };
    exit = await scan({ profile: ['kaspersky-klms-8'], root }, context);
    raw = JSON.parse(printed.join('\n'));
    document = scanDocument.parse(raw);
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('fits the published schema', async () => {
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(JSON.parse(await readFile(SCHEMA, 'utf8')) as object);
    expect(validate(raw), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
    expect(validate({ ...document, stores: [{ ...document.stores[0], items: 3 }] })).toBe(false);
    expect(validate({ ...document, schema: 'mailwarden/scan/v2' })).toBe(false);
  });

  it('has every row of the vendor page, in its words', () => {
    for (const row of filledRows()) {
      for (const id of row.stores) expect(document.stores.find((store) => store.id === id)).toMatchObject({ section: row.section, directories: row.directories, dataCategories: row.data, protection: { accounts: row.accounts } });
    }
  });

  it('measures what is there, and says of the rest why it is unknown', () => {
    const storeOf = (id: string) => document.stores.find((store) => store.id === id);
    expect(storeOf('backup')).toMatchObject({ present: true, items: { known: true, value: 1 }, records: { known: false, reason: expect.stringContaining('backup') }, orphans: { known: false } });
    expect(storeOf('event-log')).toMatchObject({ records: { known: false, reason: expect.any(String) }, unknown: [{ what: 'records' }] });
    expect(storeOf('event-log')?.state).not.toBe('in-order');
    expect(storeOf('temporary')?.leftovers).toMatchObject({ known: false, reason: expect.stringContaining('when the service started is not known') });
    expect(storeOf('backup')?.limits.filter((limit) => limit.used)).toMatchObject([{ origin: 'configured', value: 7_320_000_000 }]);
  });

  it('tells what is wrong, with the exit code for it', () => {
    expect(exit).toBe(EXIT.found);
    const codes = document.findings.map((finding) => finding.code);
    expect(codes).toEqual(expect.arrayContaining(['dump-switched-on', 'access-too-wide', 'unmeasured']));
    expect(document.ksn.actual).toMatchObject({ known: true, value: 'off' });
  });

  it('names no file of a person', () => {
    expect(JSON.stringify(raw)).not.toMatch(/letter\.eml|gnp\.exe/);
  });
});
