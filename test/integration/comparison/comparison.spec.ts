import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { filledPage } from '../../../scripts/reference/filled-page.js';
import { findLogrotate, findTmpfiles } from './compared-programs.js';
import { observe, SCENARIOS, tablesOf, whyNotHere, type Programs } from './observe.js';
import { COMPARED, type Compared } from './scenario.js';

/** The page is written anew by: MAILWARDEN_WRITE=1 bin/test integration, as root */
const WRITES = process.env['MAILWARDEN_WRITE'] === '1';
const PAGE = join(import.meta.dirname, '../../../docs/rotation/comparison.md');
const page = readFileSync(PAGE, 'utf8');
const programs: Programs = { logrotate: findLogrotate(), tmpfiles: findTmpfiles() };

/** Versions that the page was written with. */
const standing = { logrotate: /logrotate (\d[\d.]*\d)/.exec(page)?.[1], tmpfiles: /systemd-tmpfiles (\d+(?:\.\d+)*)/.exec(page)?.[1], mailwarden: undefined };
const versions = [`Observed with logrotate ${programs.logrotate?.version ?? '?'} and systemd-tmpfiles ${programs.tmpfiles?.version ?? '?'}, as root, on ext4.`];
/** What the page says of each scenario, in the order of the columns. */
const cells = new Map(page.split('\n').filter((line) => line.startsWith('| ')).map((line) => line.slice(2, -2).split(' | ')).map(([what = '', ...told]) => [what, told]));

const observed = new Map<string, string>();
const key = (what: string, which: Compared): string => `${which}\n${what}`;

describe('beside logrotate and systemd-tmpfiles: the page says what each does', () => {
  it('in as many rows as there are scenarios', () => {
    expect(new Set(SCENARIOS.map(({ what }) => what)).size).toBe(SCENARIOS.length);
    if (!WRITES) expect(filledPage(page, new Map([...tablesOf((scenario, which) => cells.get(scenario.what)?.[COMPARED.indexOf(which)] ?? 'no such cell'), ['versions', versionsOf()]]))).toBe(page);
  });

  for (const scenario of SCENARIOS) {
    for (const which of COMPARED) {
      const why = whyNotHere(scenario, which, programs, WRITES ? undefined : standing[which]);
      it.skipIf(why !== null)(`${scenario.what}: ${which}${why === null ? '' : ` (skipped: ${why})`}`, async () => {
        const told = await observe(scenario, which, programs);
        observed.set(key(scenario.what, which), told);
        if (!WRITES) expect(told).toBe(cells.get(scenario.what)?.[COMPARED.indexOf(which)]);
      });
    }
  }

  afterAll(() => {
    if (!WRITES) return;
    if (observed.size !== SCENARIOS.length * COMPARED.length) throw new Error('the page is not written: not everything could be observed here; it takes root, logrotate and systemd-tmpfiles');
    writeFileSync(PAGE, filledPage(page, new Map([...tablesOf((scenario, which) => observed.get(key(scenario.what, which)) ?? ''), ['versions', versions]])));
  });
});

/** The line of versions as it stands. */
function versionsOf(): string[] {
  return [page.split('\n').find((line) => line.startsWith('Observed with ')) ?? ''];
}
