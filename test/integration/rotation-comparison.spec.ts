import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Ground, MISSING, versions, type RotatorName } from './comparison/rotator.js';
import { SCENARIOS, type Scenario } from './comparison/scenarios.js';
import { isRoot, ONLY_ROOT } from './only-root.js';

const PAGE = join(import.meta.dirname, '../../docs/rotation/comparison.md');
const [BEGIN, END] = ['<!-- What follows up to the next such line was seen by test/integration/rotation-comparison.spec.ts -->', '<!-- Here ends what was seen -->'];
const ROTATORS: readonly RotatorName[] = ['logrotate', 'systemd-tmpfiles', 'Mailwarden'];
const NO_WORD = 'it has no word for it';

async function seenOf({ make, told, seen }: Scenario, rotator: RotatorName): Promise<string> {
  const tell = told[rotator];
  if (tell === null) return NO_WORD;
  const ground = new Ground();
  try {
    const end = await make(ground);
    try {
      return seen(ground, await tell(ground));
    } finally {
      await end?.();
    }
  } finally {
    ground.remove();
  }
}

async function table(): Promise<string> {
  const rows = [`| what is met | ${ROTATORS.join(' | ')} |`, '|---|---|---|---|'];
  for (const scenario of SCENARIOS) {
    const cells: string[] = [];
    for (const rotator of ROTATORS) cells.push(await seenOf(scenario, rotator));
    rows.push(`| ${[scenario.name, ...cells].join(' | ')} |`);
  }
  return rows.join('\n');
}

const why = !isRoot ? ONLY_ROOT : MISSING.length > 0 ? ` (skipped: ${MISSING.join(' and ')} could not be had)` : '';

it.skipIf(why !== '')(`the page of the comparison says what the real programs do today${why}`, { timeout: 60_000 }, async () => {
  const observed = await table();
  const page = readFileSync(PAGE, 'utf8');
  const [before = '', rest = ''] = page.split(BEGIN);
  const [onPage = '', after = ''] = rest.split(END);
  if (process.env['MAILWARDEN_WRITE_PAGES'] === '1') writeFileSync(PAGE, `${before}${BEGIN}\n\nSeen with ${versions()}.\n\n${observed}\n\n${END}${after}`);
  else expect(onPage.trim().split('\n').filter((line) => line.startsWith('|')).join('\n'), 'to write what is seen now: MAILWARDEN_WRITE_PAGES=1 bin/test integration').toBe(observed);
});
