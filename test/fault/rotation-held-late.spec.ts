import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { messageDigest, type Hold } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { StepWatch } from '@mailwarden/rotation-fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newOrder, PlainStore, type Terms } from './plain-store.js';

const PAGE = 4_096;
const MADE = 20;
const PLANNED = 15;
const FIRST_AT_S = 1_000_000;
const FOLDER = '/var/opt/product/backup';
const MARKS: Terms = { watermarks: [{ kind: 'records', limit: 10, target: MADE - PLANNED }] };
const HOLD: Hold = { id: 'case', store: null, from: null, until: null, reason: 'a case' };

let host: PlainStore;
beforeEach(() => (host = PlainStore.make('held-late')));
afterEach(() => host.remove());

const nameOf = (place: number): string => `letter-${String(place).padStart(2, '0')}`;
/** The first is the oldest. */
function fill(textOf: (name: string) => string = (name) => name): string[] {
  return Array.from({ length: MADE }, (_, place) => {
    writeFileSync(join(host.store, nameOf(place)), textOf(nameOf(place)).padEnd(PAGE, 'x'));
    utimesSync(join(host.store, nameOf(place)), FIRST_AT_S + place, FIRST_AT_S + place);
    return nameOf(place);
  });
}
const left = (): string[] => readdirSync(host.store).sort();
const ownFolder = (): string => join(host.store, left().find((name) => name.startsWith('.mailwarden-')) ?? '');
/** Ends the run as by a kill when it comes to a step. */
const killedAt = (step: string, before: () => void = () => undefined): StepWatch => (at) => {
  if (at !== step) return;
  before();
  throw new Error('killed');
};
const killed = (order: string, terms: Terms): Promise<void> => expect(host.rotate(order, { ...MARKS, ...terms })).rejects.toThrow('killed');

describe('a word that keeps files and comes while a killed order has taken them in', () => {
  it('puts back what a hold covers, and the order tells of it', async () => {
    const [order, made] = [newOrder(), fill()];
    await killed(order, { watch: killedAt('unlink') });
    expect(readdirSync(ownFolder())).toHaveLength(PLANNED);
    const receipt = await host.rotate(order, { ...MARKS, holds: [HOLD] });
    expect(receipt).toMatchObject({ resumed: true, deleted: { items: 0, bytes: 0 }, skipped: [{ reason: 'held', items: PLANNED }], after: { value: { items: MADE } } });
    expect(left()).toEqual(made);
    expect(await host.rotate(order, MARKS)).toEqual(receipt);
  });

  it('keeps no more than it covers: the rest goes in the same run', async () => {
    const [order, made] = [newOrder(), fill()];
    await killed(order, { watch: killedAt('unlink') });
    const receipt = await host.rotate(order, { ...MARKS, holds: [{ ...HOLD, from: instantOf((FIRST_AT_S + 3) * 1000), until: instantOf((FIRST_AT_S + 5) * 1000) }] });
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: PLANNED - 3, bytes: (PLANNED - 3) * PAGE }, skipped: [{ reason: 'held', items: 3 }] });
    expect(left()).toEqual([...made.slice(3, 6), ...made.slice(PLANNED)]);
  });

  it('lets the order go on where it covers nothing of the plan', async () => {
    const [order, made] = [newOrder(), fill()];
    await killed(order, { watch: killedAt('unlink') });
    const steps: string[] = [];
    const receipt = await host.rotate(order, { ...MARKS, holds: [{ ...HOLD, from: instantOf((FIRST_AT_S + PLANNED) * 1000) }, { ...HOLD, store: 'another' as NonNullable<Hold['store']> }], watch: (step) => void steps.push(step) });
    expect(receipt).toMatchObject({ deleted: { items: PLANNED } });
    expect(steps).not.toContain('returning');
    expect(left()).toEqual(made.slice(PLANNED));
  });

  it('counts what was deleted before it came', async () => {
    const [order, made] = [newOrder(), fill()];
    await killed(order, { watch: killedAt('unlink', () => ['0', '1', '2', '3', '4'].forEach((slot) => rmSync(join(ownFolder(), slot)))) });
    const receipt = await host.rotate(order, { ...MARKS, holds: [HOLD] });
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 5, bytes: 5 * PAGE }, skipped: [{ reason: 'held', items: PLANNED - 5 }] });
    expect(left()).toEqual(made.slice(5));
  });

  it.each(['returning', 'unlink', 'deleted'] as const)('a second kill at "%s", while they go back: each is counted once', async (step) => {
    const [order, made] = [newOrder(), fill()];
    await killed(order, { watch: killedAt('unlink', () => rmSync(join(ownFolder(), '0'))) });
    await killed(order, { holds: [HOLD], watch: killedAt(step) });
    const receipt = await host.rotate(order, { ...MARKS, holds: [HOLD] });
    expect(receipt).toMatchObject({ deleted: { items: 1, bytes: PAGE }, skipped: [{ reason: 'held', items: PLANNED - 1 }] });
    expect(left()).toEqual(made.slice(1));
  });

  it('counts for an order that ran out meanwhile as well', async () => {
    const [order, made] = [newOrder(), fill()];
    await killed(order, { watch: killedAt('unlink') });
    const receipt = await host.rotate(order, { ...MARKS, holds: [HOLD], store: { rotatable: false } });
    expect(receipt).toMatchObject({ outcome: 'stopped', deleted: { items: 0 }, skipped: [{ reason: 'held', items: PLANNED }], after: { value: { items: MADE } } });
    expect(left()).toEqual(made);
  });

  it('may name single letters, exclude places, or permit marked items alone', async () => {
    const textOf = (name: string): string => `Message-ID: <${name}@host>\n\nbody\n`;
    const isMarked = (path: string): boolean => path.endsWith('-04');
    for (const [terms, stay] of [
      [{ holds: [{ ...HOLD, messages: [messageDigest('letter-03@host')] }], store: { messages: true } }, [3]],
      [{ exclude: [`${FOLDER}/letter-07`] }, [7]],
      [{ marked: { has: isMarked, newestMs: null } }, [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]],
    ] as readonly (readonly [Terms, number[]])[]) {
      const [order, made] = [newOrder(), fill(textOf)];
      await killed(order, { watch: killedAt('unlink') });
      expect(await host.rotate(order, { ...MARKS, ...terms })).toMatchObject({ deleted: { items: PLANNED - stay.length } });
      expect(left()).toEqual([...stay.map(nameOf), ...made.slice(PLANNED)]);
    }
  });

  it('puts back what is left of a folder that is one item, and says that parts are gone', async () => {
    const units = { store: { units: [`${FOLDER}/unit-*`] } };
    for (let place = 0; place < MADE; place += 1) {
      mkdirSync(join(host.store, `unit-${place}`));
      for (const part of ['one', 'two']) {
        writeFileSync(join(host.store, `unit-${place}`, part), part);
        utimesSync(join(host.store, `unit-${place}`, part), FIRST_AT_S + place, FIRST_AT_S + place);
      }
    }
    const order = newOrder();
    await killed(order, { ...units, watch: killedAt('unlink', () => rmSync(join(ownFolder(), '0/one'))) });
    const receipt = await host.rotate(order, { ...MARKS, ...units, holds: [HOLD] });
    expect(receipt).toMatchObject({ deleted: { items: 0 }, notes: [expect.stringMatching(/^1 folders are kept .* what was left of them was put back$/)] });
    expect(readdirSync(join(host.store, 'unit-0'))).toEqual(['two']);
    expect(left()).toHaveLength(MADE);
  });

  it('gives no file back that was written over', async () => {
    const [order, made] = [newOrder(), fill()];
    await killed(order, { overwrite: true, watch: killedAt('unlink', () => writeFileSync(join(ownFolder(), '0'), Buffer.alloc(PAGE))) });
    const receipt = await host.rotate(order, { ...MARKS, overwrite: true, holds: [HOLD] });
    expect(receipt).toMatchObject({ deleted: { items: 1 }, notes: expect.arrayContaining([expect.stringMatching(/^1 items are kept by a word that came too late/)]) });
    expect(left()).toEqual(made.slice(1));
  });

  it('gives none back either where it is the journal that tells of the writing over, and no policy any more', async () => {
    const [order, made] = [newOrder(), fill()];
    await killed(order, { overwrite: true, watch: killedAt('unlink', () => writeFileSync(join(ownFolder(), '0'), Buffer.alloc(PAGE))) });
    const receipt = await host.rotate(order, { ...MARKS, holds: [HOLD], store: { rotatable: false } });
    expect(receipt).toMatchObject({ outcome: 'stopped', deleted: { items: 1 }, skipped: [{ reason: 'held', items: PLANNED - 1 }], notes: expect.arrayContaining([expect.stringMatching(/^1 items are kept by a word that came too late/)]) });
    expect(left()).toEqual(made.slice(1));
  });

  it.each(['goes on', 'is only brought to its end'])('writes over the rest of a batch that was begun so, or says why not, where the policy is no more (the order %s)', async (how) => {
    const [order, made] = [newOrder(), fill()];
    await killed(order, { overwrite: true, watch: killedAt('unlink') });
    const receipt = await host.rotate(order, { ...MARKS, ...(how === 'goes on' ? {} : { store: { rotatable: false } }) });
    expect(receipt).toMatchObject({ deleted: { items: PLANNED }, notes: [expect.stringMatching(/^(?:15 files were written over once|files were not written over, since)/)] });
    expect(left()).toEqual(made.slice(PLANNED));
  });
});

describe('pairs that a killed order has taken in', () => {
  let database: DatabaseSync;
  const DATABASE = '/var/opt/product/data/product.db';
  const PAIRS: Terms = { store: { kind: 'pair', rows: { database: { engine: 'sqlite', name: 'product', file: DATABASE }, relation: 'backup', keyColumn: 'id', timeColumn: 'at', timeUnit: 'unix-seconds', fileColumn: 'file' } } as unknown as NonNullable<Terms['store']> };
  beforeEach(() => {
    mkdirSync(join(host.root, 'var/opt/product/data'));
    database = new DatabaseSync(join(host.root, DATABASE), { timeout: 5_000 });
    database.exec('CREATE TABLE backup (id integer PRIMARY KEY, at integer, file text)');
  });
  afterEach(() => database.close());
  const rows = (): string[] => database.prepare('SELECT file FROM backup ORDER BY file').all().map(({ file }) => String(file));
  function fillPairs(): string[] {
    const made = fill();
    for (const [place, name] of made.entries()) database.prepare('INSERT INTO backup (at, file) VALUES (?, ?)').run(FIRST_AT_S + place, name);
    return made;
  }

  it('keep both halves under a hold that came before their rows left', async () => {
    const [order, made] = [newOrder(), fillPairs()];
    await killed(order, { ...PAIRS, watch: killedAt('rows') });
    expect(rows()).toEqual(made);
    expect(await host.rotate(order, { ...MARKS, ...PAIRS, holds: [HOLD] })).toMatchObject({ deleted: { items: 0 }, skipped: [{ reason: 'held', items: PLANNED }] });
    expect(left()).toEqual(made);
    expect(rows()).toEqual(made);
  });

  it('stay where they are halves that were alone: no rows leave with those', async () => {
    const [order, made] = [newOrder(), fillPairs()];
    const lone = ['lone-0', 'lone-1'];
    for (const name of lone) {
      writeFileSync(join(host.store, name), name);
      utimesSync(join(host.store, name), FIRST_AT_S, FIRST_AT_S);
    }
    const terms: Terms = { ...PAIRS, orphans: 'delete', watermarks: [{ kind: 'records', limit: 100, target: 100 }] };
    await killed(order, { ...terms, watch: killedAt('unlink') });
    expect(left()).not.toContain('lone-0');
    expect(await host.rotate(order, { ...terms, holds: [HOLD] })).toMatchObject({ deleted: { items: 0 }, orphans: { files: 0, rows: 0 } });
    expect(left()).toEqual([...made, ...lone]);
  });

  it('lose both where the rows had left before it came, and it is told', async () => {
    const [order, made] = [newOrder(), fillPairs()];
    await killed(order, { ...PAIRS, watch: killedAt('unlink') });
    expect(rows()).toEqual(made.slice(PLANNED));
    const receipt = await host.rotate(order, { ...MARKS, ...PAIRS, holds: [HOLD] });
    expect(receipt).toMatchObject({ deleted: { items: PLANNED }, notes: [expect.stringMatching(/^15 items are kept by a word that came too late, as a hold: their rows had left already/)] });
    expect(left()).toEqual(made.slice(PLANNED));
    expect(existsSync(join(host.store, made[PLANNED] ?? ''))).toBe(true);
  });
});
