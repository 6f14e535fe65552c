import { readFileSync, writeFileSync } from 'node:fs';
import { startPostgres, type RunningPostgres } from '@mailwarden/testing';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FILE_BYTES, RotationHost } from './rotation-host.js';

/** Two batches, and a third that is not full. */
const ITEMS = 2_500;
const KEPT = 100;
const GONE = ITEMS - KEPT;
const MARKS = { watermarks: [{ kind: 'bytes' as const, limit: 200 * FILE_BYTES, target: KEPT * FILE_BYTES }] };
const FILE_STEPS = [['folder', 1], ['intent', 1], ['taken', 2], ['moved', 2], ['unlink', 2], ['unlinked', 1], ['deleted', 2], ['leaving', 1], ['finished', 1]] as const;
const SUITE_MS = 180_000;

let host: RotationHost;
afterEach(() => host.remove());

describe('an executor killed with SIGKILL while it rotates files', () => {
  it.each(FILE_STEPS)('at the step "%s", time %i: the next run accounts for each file once', { timeout: SUITE_MS }, async (step, times) => {
    host = new RotationHost();
    const store = `${host.root}/var/opt/kaspersky/klms/reports`;
    const made = host.fill(store, ITEMS);
    const order = host.order('reports', MARKS);
    expect(await host.execute(order, { step, times })).toBeNull();
    // Nothing is lost while it is dead: each file is in its place, or in the executor's own folder, or was announced as deleted.
    const between = RotationHost.filesBelow(store);
    const inPlace = new Set(between.filter((name) => !name.startsWith('.mailwarden-')));
    expect(made.slice(GONE).every((name) => inPlace.has(name))).toBe(true);
    const receipt = await host.execute(order);
    expect(receipt).toMatchObject({ outcome: 'completed', reason: '', before: { items: ITEMS }, planned: { items: GONE }, deleted: { items: GONE, bytes: GONE * FILE_BYTES }, after: { known: true, value: { items: KEPT } }, skipped: [] });
    expect(receipt?.resumed).toBe(true);
    expect(RotationHost.filesBelow(store)).toEqual(made.slice(GONE).sort());
    expect(RotationHost.foldersOfOurs(store)).toEqual([]);
    expect(await host.execute(order)).toEqual(receipt);
  });

  it('several times in a row', { timeout: SUITE_MS }, async () => {
    host = new RotationHost();
    const store = `${host.root}/var/opt/kaspersky/klms/reports`;
    const made = host.fill(store, ITEMS);
    const order = host.order('reports', MARKS);
    for (const [step, times] of [['moved', 1], ['taken', 1], ['unlinked', 1], ['moved', 2], ['unlink', 1]] as const) expect(await host.execute(order, { step, times })).toBeNull();
    expect(await host.execute(order)).toMatchObject({ outcome: 'completed', resumed: true, deleted: { items: GONE, bytes: GONE * FILE_BYTES }, after: { value: { items: KEPT } } });
    expect(RotationHost.filesBelow(store)).toEqual(made.slice(GONE).sort());
  });
});

describe('with a real database', () => {
  let postgres: RunningPostgres;
  let client: Client;
  beforeAll(async () => {
    postgres = await startPostgres();
    client = new Client({ host: '127.0.0.1', port: postgres.port, user: postgres.superuser, database: 'postgres', password: readFileSync(postgres.passwordFile, 'utf8').trim() });
    client.on('error', () => undefined);
    await client.connect();
  }, SUITE_MS);
  afterAll(async () => {
    await client.end();
    await postgres.stop();
  });
  const freshHost = () => new RotationHost({ port: postgres.port, user: postgres.superuser, passwordFile: postgres.passwordFile });

  const spelled = [(name: string) => name, (name: string) => `./${name}`, (name: string) => `/${name}`, (name: string) => `/var/opt/kaspersky/klms/backup/${name}`];
  async function fillPairs(count: number): Promise<string[]> {
    const made = host.fill(host.store, count);
    await client.query('DROP TABLE IF EXISTS public.backup; CREATE TABLE public.backup (id bigserial PRIMARY KEY, stored_at timestamptz NOT NULL, file text NOT NULL)');
    await client.query("INSERT INTO public.backup (stored_at, file) SELECT to_timestamp(1600000000 + place), name FROM unnest($1::text[]) WITH ORDINALITY AS f(name, place)", [made.map((name, index) => spelled[index % spelled.length]?.(name) ?? name)]);
    return made;
  }
  const plain = (file: string): string => file.replace('/var/opt/kaspersky/klms/backup', '').replace(/^\.?\//, '');
  const rows = async (): Promise<string[]> => (await client.query<{ file: string }>('SELECT file FROM public.backup')).rows.map((row) => plain(row.file)).sort();

  it.each([...FILE_STEPS, ['rows', 1], ['rows', 2]] as const)('pairs, killed at the step "%s", time %i: both halves leave together, however their rows spell the path', { timeout: SUITE_MS }, async (step, times) => {
    host = freshHost();
    const made = await fillPairs(ITEMS);
    const order = host.order('backup', MARKS);
    expect(await host.execute(order, { step, times })).toBeNull();
    const receipt = await host.execute(order);
    expect(receipt).toMatchObject({ outcome: 'completed', resumed: true, deleted: { items: GONE, bytes: GONE * FILE_BYTES }, after: { value: { items: KEPT } } });
    expect(RotationHost.filesBelow(host.store)).toEqual(made.slice(GONE).sort());
    expect(await rows()).toEqual(made.slice(GONE).sort());
  });

  it('pairs: a file whose rows the database refuses to give up stays with them', { timeout: SUITE_MS }, async () => {
    host = freshHost();
    const made = await fillPairs(300);
    await client.query('CREATE TABLE IF NOT EXISTS public.keeps (backup bigint); DROP TABLE public.keeps; CREATE TABLE public.keeps (backup bigint REFERENCES public.backup); INSERT INTO public.keeps VALUES (150)');
    const order = host.order('backup', MARKS);
    expect(await host.execute(order)).toBeNull();
    expect(RotationHost.filesBelow(host.store)).toEqual([...made].sort());
    expect(await rows()).toEqual([...made].sort());
    // Killed while the files go back: they all go back.
    expect(await host.execute(order, { step: 'rows', times: 1 })).toBeNull();
    await client.query('DROP TABLE public.keeps');
    expect(await host.execute(order)).toMatchObject({ outcome: 'completed', deleted: { items: 200 } });
    expect(await rows()).toEqual(RotationHost.filesBelow(host.store));
  });

  it('pairs: the row of a new file that took the name of an old one stays', { timeout: SUITE_MS }, async () => {
    host = freshHost();
    const made = await fillPairs(300);
    const order = host.order('backup', MARKS);
    expect(await host.execute(order, { step: 'rows', times: 1 })).toBeNull();
    writeFileSync(`${host.store}/${made[0] ?? ''}`, 'a new letter');
    expect(await host.execute(order)).toMatchObject({ deleted: { items: 200 } });
    expect(await rows()).toEqual([made[0] ?? '', ...made.slice(200)].sort());
    expect(RotationHost.filesBelow(host.store)).toEqual([made[0] ?? '', ...made.slice(200)].sort());
  });

  it('pairs: nothing goes when no row names its file in a way that is understood, or the database is away', { timeout: SUITE_MS }, async () => {
    host = freshHost();
    const made = await fillPairs(300);
    await client.query("UPDATE public.backup SET file = 'volume7:' || file");
    expect(await host.execute(host.order('backup', MARKS))).toMatchObject({ outcome: 'stopped', reason: expect.stringContaining('understood'), deleted: { items: 0 } });
    const order = host.order('backup', MARKS);
    await postgres.kill();
    expect(await host.execute(order)).toBeNull();
    expect(RotationHost.filesBelow(host.store)).toEqual([...made].sort());
    await postgres.start();
    client = new Client({ host: '127.0.0.1', port: postgres.port, user: postgres.superuser, database: 'postgres', password: readFileSync(postgres.passwordFile, 'utf8').trim() });
    client.on('error', () => undefined);
    await client.connect();
  });

  it.each([['intent', 2], ['rows', 2], ['commit', 2], ['deleted', 2], ['finished', 1]] as const)('a table, killed at the step "%s", time %i: the count of deleted rows is exact', { timeout: SUITE_MS }, async (step, times) => {
    host = freshHost();
    await client.query("DROP TABLE IF EXISTS public.event_log; CREATE TABLE public.event_log (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), recorded_at timestamp NOT NULL); INSERT INTO public.event_log (recorded_at) SELECT to_timestamp(1600000000 + n) FROM generate_series(1, 5000) AS n");
    const order = host.order('event-log', { clock: 'recorded', watermarks: [{ kind: 'records', limit: 2000, target: 1500 }] });
    expect(await host.execute(order, { step, times })).toBeNull();
    const receipt = await host.execute(order);
    expect(receipt).toMatchObject({ outcome: 'completed', resumed: true, before: { items: 5000 }, planned: { items: 3500 }, deleted: { items: 3500 }, after: { value: { items: 1500 } } });
    const { rows: left } = await client.query<{ count: string; oldest: string }>('SELECT count(*) AS count, extract(epoch FROM min(recorded_at)::timestamptz)::bigint::text AS oldest FROM public.event_log');
    expect(left[0]).toEqual({ count: '1500', oldest: '1600003501' });
    expect(await host.execute(order)).toEqual(receipt);
  });

  it('a table whose newest row lies in the future is not trimmed by age', { timeout: SUITE_MS }, async () => {
    host = freshHost();
    await client.query("DROP TABLE IF EXISTS public.event_log; CREATE TABLE public.event_log (id bigserial PRIMARY KEY, recorded_at timestamptz NOT NULL); INSERT INTO public.event_log (recorded_at) SELECT to_timestamp(1600000000 + n) FROM generate_series(1, 50) AS n; INSERT INTO public.event_log (recorded_at) VALUES (now() + interval '1 day')");
    const age = (store: string) => host.order(store, { clock: 'recorded', watermarks: [{ kind: 'age', limit: 1000, target: 800 }] });
    expect(await host.execute(age('event-log'))).toMatchObject({ outcome: 'stopped', reason: expect.stringContaining('future'), deleted: { items: 0 } });
    await client.query('DELETE FROM public.event_log WHERE recorded_at > now()');
    expect(await host.execute(age('event-log'))).toMatchObject({ outcome: 'completed', deleted: { items: 50 } });
  });
});
