import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Relation } from '@mailwarden/catalogue';
import { withHost } from '@mailwarden/inventory-fs';
import type { Result } from '@mailwarden/kernel';
import { openTrimmer, type RecordTrimmer } from '@mailwarden/product-database';
import { startPostgres, type RunningPostgres } from '@mailwarden/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const START_MS = 120_000;
const EVENTS: Relation = { database: { engine: 'postgresql', socket: '/x', name: 'product', user: 'x' }, relation: 'app.events', keyColumn: 'id', timeColumn: 'at', timeUnit: 'timestamp', fileColumn: 'file' };
const ALL = { beforeMs: Infinity, held: [] };
const TRIGGER = 'CREATE TRIGGER hostile BEFORE DELETE ON app.events FOR EACH ROW EXECUTE FUNCTION app.hostile()';

let [dir, ran] = ['', ''];
let server: RunningPostgres;
let [superuser, product]: (Client | null)[] = [null, null];

const connected = async (user: string, password: string): Promise<Client> => {
  const client = new Client({ host: '127.0.0.1', port: server.port, user, database: 'postgres', password });
  await client.connect();
  return client;
};
const passwordOf = (user: string): string => (user === server.superuser ? readFileSync(server.passwordFile, 'utf8').trim() : user);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mailwarden-triggers-'));
  ran = join(dir, 'ran');
  server = await startPostgres();
  superuser = await connected(server.superuser, passwordOf(server.superuser));
  for (const role of ['product', 'cleaner', 'boss']) await superuser.query(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'`);
  await superuser.query(`GRANT ${server.superuser} TO boss; CREATE SCHEMA app AUTHORIZATION product; CREATE TABLE of_another (x int); GRANT SELECT, DELETE ON of_another TO cleaner`);
  product = await connected('product', 'product');
  await product.query(`GRANT USAGE ON SCHEMA app TO cleaner, boss;
    CREATE FUNCTION app.hostile() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      BEGIN EXECUTE 'RESET ROLE'; EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch ${ran}'''; EXCEPTION WHEN OTHERS THEN NULL; END;
      BEGIN EXECUTE 'DELETE FROM public.of_another'; EXCEPTION WHEN OTHERS THEN NULL; END;
      RETURN OLD; END $$`);
}, START_MS);
beforeEach(async () => {
  await superuser?.query('TRUNCATE of_another; INSERT INTO of_another VALUES (1)');
  await product?.query(`DROP TABLE IF EXISTS app.events; CREATE TABLE app.events (id bigint PRIMARY KEY, at timestamptz, file text);
    INSERT INTO app.events SELECT n, now() - interval '2 days', 'file-' || n FROM generate_series(1, 4) n; GRANT SELECT, DELETE ON app.events TO cleaner, boss`);
});
afterAll(async () => {
  await product?.end();
  await superuser?.end();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function opened<T>(user: string, use: (trimmer: Result<RecordTrimmer, string>) => Promise<T>): Promise<T> {
  const passwordFile = join(dir, 'password');
  writeFileSync(passwordFile, passwordOf(user), { mode: 0o600 });
  return withHost('/', { databases: { product: { host: '127.0.0.1', port: server.port, name: 'postgres', user, passwordFile } } }, async (host) => {
    const trimmer = await openTrimmer({ rows: EVENTS }, host, { overwrite: false, owners: [] });
    try {
      return await use(trimmer);
    } finally {
      if (trimmer.ok) await trimmer.value.close();
    }
  });
}
const removes = (user: string): Promise<unknown> => opened(user, async (trimmer) => (trimmer.ok ? trimmer.value.remove(['1'], ALL) : trimmer.error));
const nothingElseHappened = async (): Promise<void> => expect([existsSync(ran), (await superuser?.query('SELECT FROM of_another'))?.rowCount]).toEqual([false, 1]);

describe('a table of PostgreSQL with code of its owner', () => {
  it.each([
    ['a trigger', TRIGGER],
    ['a rule', 'CREATE RULE hostile AS ON DELETE TO app.events DO ALSO DELETE FROM public.of_another'],
    ['a policy', 'ALTER TABLE app.events ENABLE ROW LEVEL SECURITY; CREATE POLICY hostile ON app.events USING (true)'],
    ['a trigger on a part of it', 'CREATE TABLE app.part () INHERITS (app.events); CREATE TRIGGER hostile BEFORE DELETE ON app.part FOR EACH ROW EXECUTE FUNCTION app.hostile()'],
  ])('is not deleted from by another account where it has %s', async (_what, statement) => {
    await product?.query(statement);
    expect(await removes('cleaner')).toContain('would run with the rights of its account');
    await product?.query('DROP TABLE IF EXISTS app.part');
    await nothingElseHappened();
  });

  it.each([['a super-user', () => server.superuser], ['whoever may become one', () => 'boss']])('is not deleted from by %s', async (_who, user) => {
    await product?.query(TRIGGER);
    expect(await removes(user())).toContain('is a super-user of the database');
    await nothingElseHappened();
  });

  it('is not deleted from where the code comes after the first look', async () => {
    await opened('cleaner', async (trimmer) => {
      if (!trimmer.ok) throw new Error(trimmer.error);
      await product?.query(TRIGGER);
      await expect(trimmer.value.remove(['1'], ALL)).rejects.toThrow('would run with the rights of its account');
    });
    await nothingElseHappened();
  });

  it('is deleted from by its owner, whose the code is', async () => {
    await product?.query(TRIGGER);
    expect(await removes('product')).toMatchObject({ removed: true });
    await nothingElseHappened();
  });

  it('is deleted from by an account that may read and delete alone, where there is none', async () => {
    expect(await removes('cleaner')).toMatchObject({ removed: true });
    await nothingElseHappened();
  });
});
