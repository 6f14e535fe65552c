import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Profile, Store } from '@mailwarden/catalogue';
import type { Hold, Receipt, RotationOrder } from '@mailwarden/contracts';
import { withHost } from '@mailwarden/inventory-fs';
import { deletedLately, rotateStore, type ApplyRequest } from '@mailwarden/rotation-fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const HOUR_S = 3_600;
const PAIRS = 40;
const BOUNDS = { items: 1_000, bytes: 1e9, percent: 100, deadlineSeconds: 60 };
const STORE = {
  id: 'backup', section: 'Backup', kind: 'pair', statedDirectories: null, files: ['/var/opt/product/backup/**'], exclude: [], active: [], rotateActive: null, units: [], messages: false, lists: null, lineRecords: false, dataCategories: null,
  rows: { database: { engine: 'sqlite', name: 'product', file: '/var/opt/product/data/product.db' }, relation: 'backup', keyColumn: 'id', timeColumn: 'at', timeUnit: 'unix-seconds', fileColumn: 'file' },
  duration: { kind: 'not-stated' }, limits: [], configuredLimits: [], protection: { accounts: null, groups: [], source: null }, clock: 'modified', rotatable: true, quietPeriodSeconds: 10, notes: [],
} as unknown as Store;

let root: string;
let folder: string;
let product: DatabaseSync;
const nowS = (): number => Math.floor(Date.now() / 1_000);

function addFile(name: string, ageS: number): void {
  writeFileSync(join(folder, name), name);
  utimesSync(join(folder, name), nowS() - ageS, nowS() - ageS);
}
const addRow = (name: string, ageS: number): void => void product.prepare('INSERT INTO backup (at, file) VALUES (?, ?)').run(nowS() - ageS, name);
const files = (): string[] => readdirSync(folder).sort();
const rows = (): string[] => product.prepare('SELECT file FROM backup').all().map(({ file }) => String(file)).sort();

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-orphans-'));
  folder = join(root, 'var/opt/product/backup');
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(root, 'var/opt/product/data'));
  product = new DatabaseSync(join(root, 'var/opt/product/data/product.db'), { timeout: 5_000 });
  product.exec('CREATE TABLE backup (id integer PRIMARY KEY, at integer, file text)');
  for (let n = 0; n < PAIRS; n += 1) {
    addFile(`whole-${n}`, 10 * HOUR_S + n);
    addRow(`${n % 2 === 0 ? './' : ''}whole-${n}`, 10 * HOUR_S + n);
  }
  addFile('lone old', 5 * HOUR_S);
  addFile('lone young', 60);
  addRow('gone', 5 * HOUR_S);
  addRow('coming', 60);
});
afterEach(() => {
  product.close();
  rmSync(root, { recursive: true, force: true });
});

function rotate(part: Partial<ApplyRequest> = {}, order = randomUUID()): Promise<Receipt> {
  return withHost(root, { databases: {} }, (host) =>
    rotateStore(
      { host, profile: { id: 'product', accounts: { service: 'product', others: [], groups: [] }, stores: [STORE] } as unknown as Profile, store: STORE, watermarks: [{ kind: 'records', limit: 1_000, target: 1_000 }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: BOUNDS, holds: [], exclude: [], overwrite: false, orphans: 'delete', pace: { itemsPerSecond: null, bytesPerSecond: null }, marked: null, stop: null, issuedAtMs: Date.now(), hashKey: Buffer.from('key'), now: Date.now, journalDir: join(root, 'journal'), ...part },
      { id: order, server: 'mx-1', profile: 'product', store: 'backup', bounds: part.bounds ?? BOUNDS, policy: { name: 'cap' } } as unknown as RotationOrder,
    ),
  );
}
const isWhole = (): boolean => files().filter((name) => name.startsWith('whole')).length === PAIRS && rows().filter((name) => name.includes('whole')).length === PAIRS;

describe('halves of pairs that are alone', () => {
  it('leave when they are old enough and the policy says so, and are counted apart', async () => {
    const receipt = await rotate();
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 0 }, orphans: { files: 1, rows: 1 } });
    expect(files()).not.toContain('lone old');
    expect(files()).toContain('lone young');
    expect(rows()).not.toContain('gone');
    expect(rows()).toContain('coming');
    expect(isWhole()).toBe(true);
    expect(await rotate()).toMatchObject({ outcome: 'nothing-to-do', orphans: { files: 0, rows: 0 } });
  });

  it('stay where the policy does not say so, and where they are held', async () => {
    expect((await rotate({ orphans: 'keep' })).orphans).toBeUndefined();
    const held = { id: 'case', store: null, from: null, until: null, reason: 'open' } as Hold;
    expect(await rotate({ holds: [held] })).toMatchObject({ orphans: { files: 0, rows: 0 } });
    expect(files()).toContain('lone old');
    expect(rows()).toContain('gone');
  });

  it('stay, with the reason, above a bound', async () => {
    expect(await rotate({ bounds: { ...BOUNDS, items: 1 } })).toMatchObject({ orphans: { files: 0, rows: 0 }, notes: [expect.stringContaining('the bound is 1 items')] });
    expect(await rotate({ bounds: { ...BOUNDS, percent: 1 } })).toMatchObject({ orphans: { files: 0, rows: 0 }, notes: [expect.stringContaining('more than 1 %')] });
    expect(files()).toContain('lone old');
  });

  it('stay above the bound of bytes', async () => {
    writeFileSync(join(folder, 'lone large'), Buffer.alloc(1_000_000, 'x'));
    utimesSync(join(folder, 'lone large'), nowS() - 5 * HOUR_S, nowS() - 5 * HOUR_S);
    expect(await rotate({ bounds: { ...BOUNDS, bytes: 10_000 } })).toMatchObject({ orphans: { files: 0, rows: 0 }, notes: [expect.stringContaining('the bound is 10000 bytes')] });
    expect(files()).toEqual(expect.arrayContaining(['lone large', 'lone old']));
  });

  it('stay within the bounds in all runs of an order together: what became alone meanwhile is none of its business', async () => {
    const order = randomUUID();
    const bounds = { ...BOUNDS, items: 3 };
    await expect(rotate({ bounds, watch: (at) => { if (at === 'taken') throw new Error('cut short'); } }, order)).rejects.toThrow('cut short');
    for (let n = 0; n < 20; n += 1) addFile(`lone later ${n}`, 5 * HOUR_S);
    const { orphans, notes } = await rotate({ bounds }, order);
    expect((orphans?.files ?? 0) + (orphans?.rows ?? 0)).toBeLessThanOrEqual(3);
    expect(notes).toEqual([expect.stringContaining('the bound is 3 items')]);
    expect(files().filter((name) => name.startsWith('lone later'))).toHaveLength(20);
  });

  it('count in the bounds over time, like everything else that leaves', async () => {
    for (let n = 0; n < 5; n += 1) addFile(`lone ${n}`, 5 * HOUR_S);
    const first = await rotate();
    expect(first).toMatchObject({ deleted: { items: 0 }, orphans: { files: 6, rows: 1, bytes: expect.any(Number) as number } });
    expect(first.orphans?.bytes).toBeGreaterThan(0);
    expect(deletedLately(join(root, 'journal'), { id: randomUUID(), server: 'mx-1', profile: 'product', store: 'backup', bounds: BOUNDS, policy: { name: 'cap' } } as never, 0)).toMatchObject({ items: 7, bytes: first.orphans?.bytes });
  });

  it('leave no row that was never marked, where marks count', async () => {
    const marked = { has: () => false, newestMs: null } as unknown as ApplyRequest['marked'];
    expect(await rotate({ marked })).toMatchObject({ orphans: { files: 0, rows: 0 } });
    expect(rows()).toContain('gone');
    expect(files()).toContain('lone old');
  });

  it('stay among the newest that always stay', async () => {
    expect(await rotate({ keep: { newest: PAIRS + 2, youngerThanSeconds: 0 } })).toMatchObject({ orphans: { files: 0 } });
    expect(files()).toContain('lone old');
  });

  it('are told also where the order goes on and cannot come to its end', async () => {
    const order = randomUUID();
    await expect(rotate({ watch: (at) => { if (at === 'moved') throw new Error('cut short'); } }, order)).rejects.toThrow('cut short');
    expect(rows()).not.toContain('gone');
    const own = files().find((name) => name.startsWith('.mailwarden-')) ?? '';
    renameSync(join(folder, own), join(root, 'carried-away'));
    expect(await rotate({}, order)).toMatchObject({ outcome: 'failed', orphans: { rows: 1 } });
  });

  it('stay among the newest that always stay, whatever has no moment beside them', async () => {
    for (let n = 0; n < 60; n += 1) {
      writeFileSync(join(folder, `undated-${n}`), 'no letter');
      addRow(`undated-${n}`, 10 * HOUR_S);
    }
    const at = new Date(Date.now() - 5 * HOUR_S * 1_000);
    writeFileSync(join(folder, 'letter'), `Received: from a.example by b.example; ${at.toUTCString().replace('GMT', '+0000')}\nSubject: alone\n\n`);
    utimesSync(join(folder, 'letter'), at, at);
    const byReception = { clock: 'received', store: { ...STORE, messages: true } } as unknown as Partial<ApplyRequest>;
    expect(await rotate({ ...byReception, keep: { newest: 50, youngerThanSeconds: 0 } })).toMatchObject({ orphans: { files: 0 } });
    expect(files()).toContain('letter');
    expect(await rotate(byReception)).toMatchObject({ orphans: { files: 1 } });
    expect(files()).not.toContain('letter');
  });

  it('are none where no row could spell the name of the file', async () => {
    for (let n = 0; n < 5; n += 1) {
      const name = Buffer.from(`caf\xe9-${n}`, 'latin1');
      const path = Buffer.concat([Buffer.from(`${folder}/`), name]);
      writeFileSync(path, 'x');
      utimesSync(path, nowS() - 10 * HOUR_S, nowS() - 10 * HOUR_S);
      product.prepare('INSERT INTO backup (at, file) VALUES (?, CAST(? AS text))').run(nowS() - 10 * HOUR_S, name);
    }
    for (let round = 0; round < 2; round += 1) await rotate();
    expect(readdirSync(folder, { encoding: 'buffer' }).filter((name) => name.includes(0xe9))).toHaveLength(5);
    expect(product.prepare('SELECT count(*) AS n FROM backup').get()).toEqual({ n: PAIRS + 1 + 5 });
  });

  it('stay when the table was emptied, and when the folder is not there', async () => {
    product.exec('DELETE FROM backup');
    expect(await rotate()).toMatchObject({ orphans: { files: 0, rows: 0 }, notes: [expect.stringContaining('emptied or restored')] });
    expect(files()).toHaveLength(PAIRS + 2);
    for (let n = 0; n < PAIRS; n += 1) addRow(`whole-${n}`, 10 * HOUR_S + n);
    for (const name of files()) unlinkSync(join(folder, name));
    expect(await rotate()).toMatchObject({ orphans: { files: 0, rows: 0 }, notes: [expect.stringContaining('mounted')] });
    expect(rows()).toHaveLength(PAIRS);
  });

  it.each(['rows', 'commit', 'taken', 'moved', 'unlink', 'deleted'])('are accounted for when the order is cut short at the step "%s"', async (step) => {
    const order = randomUUID();
    const cut = rotate({ watch: (at) => { if (at === step) throw new Error('cut short'); } }, order);
    await expect(cut).rejects.toThrow('cut short');
    expect(await rotate({}, order)).toMatchObject({ outcome: 'completed', resumed: true, deleted: { items: 0 }, orphans: { files: 1, rows: 1 } });
    expect(files()).not.toContain('lone old');
    expect(rows()).not.toContain('gone');
    expect(isWhole()).toBe(true);
  });

  it.each([['folder', () => folder], ['database', () => join(root, 'var/opt/product/data')]] as const)('wait when the order goes on and the %s that it began with is away: no row of a whole pair goes', async (_what, placeOf) => {
    const order = randomUUID();
    await expect(rotate({ watch: (at) => { if (at === 'rows') throw new Error('cut short'); } }, order)).rejects.toThrow('cut short');
    const [place, away] = [placeOf(), join(root, 'away')];
    renameSync(place, away);
    mkdirSync(place);
    await expect(rotate({}, order)).rejects.toThrow('not the one that the order began with');
    rmdirSync(place);
    renameSync(away, place);
    expect(await rotate({}, order)).toMatchObject({ outcome: 'completed', orphans: { files: 1, rows: 1 } });
    expect(isWhole()).toBe(true);
  });

  it('stay when the folder was emptied before the order goes on', async () => {
    const order = randomUUID();
    await expect(rotate({ watch: (at) => { if (at === 'rows') throw new Error('cut short'); } }, order)).rejects.toThrow('cut short');
    for (const name of files()) unlinkSync(join(folder, name));
    expect(await rotate({}, order)).toMatchObject({ orphans: { files: 0, rows: 0 }, notes: [expect.stringContaining('mounted')] });
    expect(rows()).toHaveLength(PAIRS + 2);
  });

  it('leave alone what was over a limit, once the order came to them: each is counted once, however often it goes on', async () => {
    const [order, over] = [randomUUID(), { watermarks: [{ kind: 'records' as const, limit: 30, target: 25 }] }];
    let isTouched = false;
    const cut = rotate({ ...over, watch: (at) => {
      if (at === 'taken' && !isTouched) addFile('whole-39', 10 * HOUR_S + 38.5); // It is no longer the planned one, and stays over the limit.
      isTouched ||= at === 'taken';
      if (at === 'commit') throw new Error('cut short');
    } }, order);
    await expect(cut).rejects.toThrow('cut short');
    const left = files().filter((name) => name.startsWith('whole')).length;
    const receipt = await rotate(over, order);
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: PAIRS - left }, orphans: { files: 1, rows: 1 } });
    expect(files().filter((name) => name.startsWith('whole'))).toHaveLength(left);
    expect(rows().filter((name) => name.includes('whole'))).toHaveLength(left);
  });

  it('leave after the pairs that are over a limit', async () => {
    expect(await rotate({ watermarks: [{ kind: 'records', limit: 30, target: 20 }] })).toMatchObject({ outcome: 'completed', deleted: { items: 22 }, orphans: { files: 1, rows: 1 } });
    expect(files()).toHaveLength(PAIRS + 1 - 22);
    expect(rows()).toHaveLength(PAIRS + 1 - 22);
  });
});

describe('what only looks like a half that is alone', () => {
  const named = (what: string): string[] => rows().filter((name) => name.includes(what));

  it('are rows of files that lie outside the store', async () => {
    mkdirSync(join(root, 'var/opt/product/quarantine'));
    for (let n = 0; n < 5; n += 1) {
      writeFileSync(join(root, `var/opt/product/quarantine/there-${n}`), 'x');
      for (const spelling of [`/var/opt/product/quarantine/there-${n}`, `../quarantine/there-${n}`, `quarantine/there-${n}`, `/mnt/away/not-there-${n}`]) addRow(spelling, 9 * HOUR_S);
    }
    const { orphans, notes } = await rotate();
    expect(named('there-')).toHaveLength(20);
    expect(orphans).toMatchObject({ files: 1, rows: 1 });
    for (const told of ['5 rows stay: their files are there by now', '15 rows stay: they name no place in the store']) expect(notes?.join()).toContain(told);
  });

  it.each([['another folder', 'backup/'], ['another base path', '/srv/before/backup/']])('are whole pairs whose rows reckon from %s', async (_from, before) => {
    for (let n = 0; n < 20; n += 1) {
      addFile(`new-${n}`, 2 * HOUR_S);
      addRow(`${before}new-${n}`, n % 2 === 0 ? 2 * HOUR_S : 60);
    }
    expect(await rotate()).toMatchObject({ orphans: { files: 0, rows: 0 }, notes: [expect.stringContaining('end in the same name')] });
    expect(files().filter((name) => name.startsWith('new'))).toHaveLength(20);
    expect(named('new')).toHaveLength(20);
    expect(isWhole()).toBe(true);
  });

  it('are pairs whose file has a name of other bytes than its row', async () => {
    const name = Buffer.from('caf\xe9', 'latin1');
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), 'x');
    addRow('café', 10 * HOUR_S);
    addFile('u\u0308ber', 10 * HOUR_S);
    addRow('\u00fcber', 10 * HOUR_S);
    expect(await rotate()).toMatchObject({ orphans: { files: 0, rows: 0 } });
    unlinkSync(join(folder, 'u\u0308ber'));
    expect(await rotate()).toMatchObject({ orphans: { files: 0, rows: 0 } });
    expect(named('caf')).toEqual(['café']);
  });

  it('are rows of a part of the store that lies behind a link', async () => {
    mkdirSync(join(root, 'disk2'));
    symlinkSync('../../../../disk2', join(folder, '2025'));
    for (let n = 0; n < 20; n += 1) {
      addFile(`2025/old-${n}`, 20 * HOUR_S);
      addRow(`2025/old-${n}`, 20 * HOUR_S);
    }
    expect(await rotate()).toMatchObject({ orphans: { files: 1, rows: 0 }, notes: [expect.stringContaining('not all of the store could be looked at')] });
    expect(named('2025')).toHaveLength(20);
  });

  it('are rows of files that the store leaves out', async () => {
    const store = { ...STORE, exclude: ['/var/opt/product/backup/kept-*'] };
    for (let n = 0; n < 5; n += 1) {
      addFile(`kept-${n}`, 20 * HOUR_S);
      addRow(`kept-${n}`, 20 * HOUR_S);
    }
    expect(await rotate({ store })).toMatchObject({ orphans: { files: 1, rows: 1 } });
    expect(named('kept')).toHaveLength(5);
  });

  it('are rows of files that an order has taken in which was cut short', async () => {
    const [first, over] = [randomUUID(), { watermarks: [{ kind: 'records' as const, limit: 30, target: 30 }], orphans: 'keep' as const }];
    await expect(rotate({ ...over, watch: (at) => { if (at === 'moved') throw new Error('cut short'); } }, first)).rejects.toThrow('cut short');
    await expect(rotate()).rejects.toThrow('was begun and has no account yet');
    await rotate({ ...over, holds: [{ id: 'h', store: null, from: null, until: null, reason: 'x' } as unknown as Hold] }, first);
    expect(isWhole()).toBe(true);
  });
});

describe('a pair that is whole', () => {
  const DAY_S = 24 * HOUR_S;
  const over = { watermarks: [{ kind: 'records' as const, limit: 40, target: 35 }], orphans: 'keep' as const };
  const heldAt = (ageS: number): { holds: Hold[] } => ({ holds: [{ id: 'h', store: null, from: new Date((nowS() - ageS - 60) * 1_000).toISOString(), until: new Date((nowS() - ageS + 60) * 1_000).toISOString(), reason: 'x' } as unknown as Hold] });
  const restored = (): string[] => [...files(), ...rows()].filter((name) => name.includes('restored'));
  beforeEach(() => {
    for (let n = 0; n < 3; n += 1) {
      addFile(`restored-${n}`, 400 * DAY_S + n);
      addRow(`./restored-${n}`, 100 * DAY_S);
    }
  });

  it('stays where its row is of a held time, whatever the time of its file', async () => {
    const receipt = await rotate({ ...over, ...heldAt(100 * DAY_S) });
    expect(restored()).toHaveLength(6);
    expect(receipt.skipped).toContainEqual({ reason: 'held', items: 3 });
    expect(receipt.deleted.items).toBeGreaterThan(0);
  });

  it('comes back where the hold of its row came while the order was cut short', async () => {
    const order = randomUUID();
    await expect(rotate({ ...over, watch: (at) => { if (at === 'rows') throw new Error('cut short'); } }, order)).rejects.toThrow('cut short');
    expect(restored()).toHaveLength(3);
    const receipt = await rotate({ ...over, ...heldAt(100 * DAY_S) }, order);
    expect(restored()).toHaveLength(6);
    expect(receipt.deleted.items).toBeGreaterThan(0);
  });

  it.each(['taken', 'moved'])('comes back when the order is to end before its row went (at "%s")', async (step) => {
    const ending = new AbortController();
    expect(await rotate({ ...over, stop: ending.signal, watch: (at) => { if (at === step) ending.abort('a hold came'); } })).toMatchObject({ outcome: 'stopped', deleted: { items: 0 } });
    expect(restored()).toHaveLength(6);
    expect(isWhole()).toBe(true);
  });

  it('goes as a whole when the order is to end after its row went', async () => {
    const ending = new AbortController();
    const receipt = await rotate({ ...over, stop: ending.signal, watch: (at) => { if (at === 'unlink') ending.abort('a hold came'); } });
    expect(receipt.deleted.items).toBeGreaterThan(0);
    expect(restored()).toEqual([]);
  });
});
