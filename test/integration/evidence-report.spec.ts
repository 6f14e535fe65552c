import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD } from './doors.js';
import { told } from './doors-cli.js';
import { EvidenceServices } from './evidence-services.js';

const SETTLE_MS = 120_000;

let services: EvidenceServices;
let pack: string;

const page = async (of: string, ...more: readonly string[]): Promise<{ text: string; exit: number }> => {
  const output = services.newFile('page.html');
  const { exit } = await told(services.doors, 'evidence', 'report', of, '--output', output, ...more);
  return { text: await readFile(output, 'utf8'), exit };
};

beforeAll(async () => {
  services = await EvidenceServices.start(['mx-1', 'mx-2']);
  await services.doors.addOperator('reader', 'viewer');
  await services.doors.signIn({ name: 'reader', password: PASSWORD });
  await services.decide();
  await services.rotate('mx-1', { items: 4, bytes: 2_000 });
  await services.rotate('mx-1', { items: 3, bytes: 1_000 });
  await services.state('rotation', { kind: 'policy', id: 'limits-applied-1', facts: { policy: '<img src=x onerror=alert(1)>', kind: 'rotation', withdrawn: false } });
  await (await services.doors.plane.speaker('mx-2')).attest({ organisation: 1 });
  await services.head();
  pack = await services.export();
}, SETTLE_MS);
afterAll(() => services?.close());

describe('the page of a pack', () => {
  it('says what was deleted, decided, changed and done, and what was checked', async () => {
    const { text, exit } = await page(pack, '--trust', services.doors.plane.nats.identity.trust);
    expect(exit).toBe(0);
    expect(text).toContain('It holds.');
    // Two receipts of one store under one policy are one line.
    expect(text).toMatch(/<td>mx-1<\/td><td>kaspersky-klms-8 \/ backup<\/td><td>limits<\/td><td>2: 2 completed<\/td><td class="n">7<\/td>/);
    expect(text).toMatch(/<td>ksn-statement<\/td><td>withdraw<\/td><td>organisation<\/td><td class="n">1<\/td>/);
    expect(text).toContain('signed-in');
    expect(text.match(/<td>active<\/td>/g)).toHaveLength(2);
    expect(text).toContain('&lt;img src=x');
    expect(text).not.toContain('<img');
    expect(text).not.toContain('It was checked by its own keys');
    expect(text).not.toContain('jane.doe');
  });

  it('says that a pack does not hold before all else', async () => {
    const lines = await services.lines(pack);
    const changed = await services.write('changed.jsonl', `${lines.filter((_, place) => place !== 3).join('\n')}\n`);
    const { text, exit } = await page(changed);
    expect(exit).toBe(1);
    expect(text).toContain('It does not hold.');
    expect(text).toContain('It was checked by its own keys');
  });

  it('is made of a pack about an agreement as well', async () => {
    const { text, exit } = await page(await services.export('--agreement', 'ksn-statement'));
    expect(exit).toBe(0);
    expect(text).toContain('Evidence of ksn-statement');
  });
});
