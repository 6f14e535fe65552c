import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { journalLines } from '@mailwarden/inventory-fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logProgram } from './log-programs.js';

const WRITER = logProgram('journal');
const MISSING = WRITER === null || !existsSync('/usr/bin/journalctl');
const WITHOUT = MISSING ? ' (skipped: journalctl or systemd-journal-remote is not here; bin/test integration fetches the second)' : '';

const FIRST_MS = Date.UTC(2026, 10, 1);
const SECOND_MS = 1_000;

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'mailwarden-journal-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Entry {
  readonly program: string;
  readonly message: string;
}

/** Makes a real journal of these entries, a second apart. */
function written(entries: readonly Entry[]): void {
  if (WRITER === null) return;
  const text = entries.map(({ program, message }, index) => [`__REALTIME_TIMESTAMP=${(FIRST_MS + index * SECOND_MS) * 1000}`, `__MONOTONIC_TIMESTAMP=${index * 1000}`, '_BOOT_ID=0123456789abcdef0123456789abcdef', `SYSLOG_IDENTIFIER=${program}`, `MESSAGE=${message}`, '', ''].join('\n'));
  writeFileSync(join(folder, 'export'), text.join(''));
  execFileSync(WRITER.program, ['--output', join(folder, 'host.journal'), join(folder, 'export')], { env: { ...WRITER.env }, stdio: 'pipe' });
}
const counted = (matches: (program: string) => boolean): ReturnType<typeof journalLines> => journalLines(matches, [`--directory=${folder}`]);

describe.skipIf(MISSING)(`lines of a product in a real journal${WITHOUT}`, () => {
  it('are counted by the names that the product writes as, with their bytes and moments', async () => {
    written([{ program: 'other', message: 'x' }, { program: 'acme/smtpd', message: 'four' }, { program: 'acmed', message: 'ü' }, { program: 'acme/qmgr', message: '' }, { program: 'other', message: 'x' }]);
    const found = await counted((program) => program.startsWith('acme'));
    expect(found).toMatchObject({ known: true, value: { cutOff: null, sums: { lines: 3, bytes: 4 + 2, oldestMs: FIRST_MS + SECOND_MS, newestMs: FIRST_MS + 3 * SECOND_MS } } });
    expect(await counted((program) => program === 'absent')).toMatchObject({ known: true, value: { sums: { lines: 0 } } });
  });

  it('are not believed when the journal is none', async () => {
    writeFileSync(join(folder, 'broken.journal'), 'no journal');
    const found = await counted(() => true);
    expect(found.known ? found.value.sums.lines : 0).toBe(0);
  });
});
