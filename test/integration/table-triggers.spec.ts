import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Relation } from '@mailwarden/catalogue';
import { withHost } from '@mailwarden/inventory-fs';
import type { Result } from '@mailwarden/kernel';
import { openTrimmer, type PairTrimmer, type RecordTrimmer } from '@mailwarden/product-database';
import { startPostgres, type RunningPostgres } from '@mailwarden/testing';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const START_MS = 120_000;
const EVENTS: Relation = { database: { engine: 'postgresql', socket: '/x', name: 'product', user: 'x' }, relation: 'app.events', keyColumn: 'id', timeColumn: 'at', timeUnit: 'timestamp', fileColumn: 'file' };
const ALL = { beforeMs: Infinity, held: [] };
/** What the table of events takes rows of other tables with. */
const NOTES = (action: string): string => `CREATE TABLE app.notes (id bigint PRIMARY KEY, event bigint DEFAULT 2 REFERENCES app.events ON DELETE ${action}); INSERT INTO app.notes VALUES (1, 1);`;
const TRIGGER = 'CREATE TRIGGER hostile BEFORE DELETE ON app.events FOR EACH ROW EXECUTE FUNCTION app.hostile()';

let [dir, ran] = ['', ''];
let server: RunningPostgres;
let [superuser, product, cleaner]: (Client | null)[] = [null, null, null];

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
  await superuser.query(`CREATE SCHEMA theirs AUTHORIZATION cleaner; GRANT USAGE ON SCHEMA theirs TO PUBLIC; GRANT CREATE ON SCHEMA public TO product;
    GRANT ${server.superuser} TO boss; CREATE SCHEMA app AUTHORIZATION product; CREATE TABLE of_another (x int); GRANT SELECT, DELETE ON of_another TO cleaner`);
  product = await connected('product', 'product');
  await product.query(`GRANT USAGE ON SCHEMA app TO cleaner, boss;
    CREATE FUNCTION app.hostile() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      BEGIN EXECUTE 'RESET ROLE'; EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch ${ran}'''; EXCEPTION WHEN OTHERS THEN NULL; END;
      BEGIN EXECUTE 'DELETE FROM public.of_another'; EXCEPTION WHEN OTHERS THEN NULL; END;
      RETURN OLD; END $$;
    CREATE TABLE app.secrets (x int); CREATE FUNCTION app.number(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
    CREATE TYPE app.kind AS ENUM ('a'); CREATE FUNCTION app.text_of(app.kind) RETURNS text LANGUAGE sql AS $$ SELECT 'a'::text $$; CREATE CAST (app.kind AS text) WITH FUNCTION app.text_of(app.kind);
    CREATE DOMAIN app.of_kind AS app.kind; CREATE DOMAIN app.kind_of_kind AS app.of_kind;
    CREATE FUNCTION app.same(int, int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN true; END'; CREATE OPERATOR app.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = app.same);
    CREATE FUNCTION app.deletes() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.of_another; RETURN 1; EXCEPTION WHEN OTHERS THEN RETURN 1; END $$;
    CREATE FUNCTION app.wicked(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN IF session_user <> 'product' THEN PERFORM app.deletes(); END IF; RETURN 1; END $$`);
  cleaner = await connected('cleaner', 'cleaner');
  await cleaner.query(`CREATE FUNCTION theirs.steal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM app.secrets; RETURN OLD; END $$;
    CREATE FUNCTION theirs.steals(bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN DELETE FROM app.secrets; RETURN false; END $$`);
}, START_MS);
beforeEach(async () => {
  rmSync(ran, { force: true });
  await superuser?.query('TRUNCATE of_another; INSERT INTO of_another VALUES (1)');
  await product?.query(`DO $$ BEGIN IF (SELECT relkind FROM pg_class WHERE oid = to_regclass('app.events')) = 'v' THEN DROP VIEW app.events; END IF; END $$;
    DROP TABLE IF EXISTS app.events_before, app.parts, app.part, app.marks, app.notes, app.events; TRUNCATE app.secrets; INSERT INTO app.secrets VALUES (1); CREATE TABLE app.events (id bigint PRIMARY KEY, at timestamptz, file text);
    INSERT INTO app.events SELECT n, now() - interval '2 days', 'file-' || n FROM generate_series(1, 4) n; GRANT SELECT, DELETE ON app.events TO cleaner, boss`);
});
afterAll(async () => {
  await cleaner?.end();
  await product?.end();
  await superuser?.end();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function opened<T>(user: string, use: (trimmer: Result<RecordTrimmer, string>) => Promise<T>, rows: Relation = EVENTS): Promise<T> {
  const passwordFile = join(dir, 'password');
  writeFileSync(passwordFile, passwordOf(user), { mode: 0o600 });
  return withHost('/', { databases: { product: { host: '127.0.0.1', port: server.port, name: 'postgres', user, passwordFile } } }, async (host) => {
    const trimmer = await openTrimmer({ rows }, host, { overwrite: false, owners: [] });
    try {
      return await use(trimmer);
    } finally {
      if (trimmer.ok) await trimmer.value.close();
    }
  });
}
const removes = (user: string, rows?: Relation): Promise<unknown> => opened(user, async (trimmer) => (trimmer.ok ? trimmer.value.remove(['1'], ALL) : trimmer.error), rows);
const nothingElseHappened = async (): Promise<void> => expect([existsSync(ran), (await superuser?.query('SELECT FROM of_another'))?.rowCount]).toEqual([false, 1]);

describe('a table of PostgreSQL with code of its owner', () => {
  it.each([
    ['a trigger', TRIGGER],
    ['a rule', 'CREATE RULE hostile AS ON DELETE TO app.events DO ALSO DELETE FROM public.of_another'],
    ['a policy', 'ALTER TABLE app.events ENABLE ROW LEVEL SECURITY; CREATE POLICY hostile ON app.events USING (true)'],
    ['an index by a function', 'CREATE INDEX ON app.events (app.number(7))'],
    ['a condition by a function', 'ALTER TABLE app.events ADD CHECK (app.number(7) = 1)'],
    ['an index by an operator', 'CREATE INDEX ON app.events (id) WHERE 1 OPERATOR(app.===) 1'],
    ['a condition by an operator', 'ALTER TABLE app.events ADD CHECK (1 OPERATOR(app.===) 1)'],
    ['a condition by an operator on a part of it', 'CREATE TABLE app.part () INHERITS (app.events); ALTER TABLE app.part ADD CHECK (1 OPERATOR(app.===) 1)'],
    ['statistics by a function', 'CREATE STATISTICS app.statistics ON (app.number(7) + id), at FROM app.events'],
    ['a column that a function makes text of', 'ALTER TABLE app.events ADD of_kind app.kind'],
    ['such a column under two names of its type', 'ALTER TABLE app.events ADD of_kind app.kind_of_kind'],
    ['a trigger on a part of it', 'CREATE TABLE app.part () INHERITS (app.events); CREATE TRIGGER hostile BEFORE DELETE ON app.part FOR EACH ROW EXECUTE FUNCTION app.hostile()'],
  ])('is not deleted from by another account where it has %s', async (_what, statement) => {
    await product?.query(statement);
    expect(await removes('cleaner')).toContain('would run with the rights of its account');
    await product?.query('DROP TABLE IF EXISTS app.part');
    await nothingElseHappened();
  });

  it.each([
    ['it', 'app.parts'],
    ['a table that it is a part of', 'app.parts_of_all'],
  ])('is not deleted from by another account where %s is split by a function', async (_what, relation) => {
    await product?.query(`CREATE TABLE app.parts (id bigint, at timestamptz, file text) PARTITION BY RANGE ((app.number(7) + id)); CREATE TABLE app.parts_of_all PARTITION OF app.parts DEFAULT; GRANT SELECT, DELETE ON app.parts, app.parts_of_all TO cleaner`);
    expect(await removes('cleaner', { ...EVENTS, relation })).toContain('would run with the rights of its account');
    await nothingElseHappened();
  });

  const READS: readonly (readonly [string, (trimmer: PairTrimmer) => Promise<unknown>])[] = [
    ['its facts', (trimmer) => trimmer.facts()],
    ['what it holds', (trimmer) => trimmer.amount()],
    ['a count', (trimmer) => trimmer.count(ALL)],
    ['a moment', (trimmer) => trimmer.momentAt(0)],
    ['the oldest', (trimmer) => trimmer.oldest(ALL, 2)],
    ['the keys of the oldest', (trimmer) => trimmer.choose(ALL, 2, new Set())],
    ['what is left of a batch', (trimmer) => trimmer.left(['1'])],
    ['files with rows', (trimmer) => trimmer.filesWithRows(['file-1'])],
    ['names of files', (trimmer) => trimmer.fileNames(10)],
    ['halves', (trimmer) => trimmer.halves(ALL, null, 10)],
  ];
  it.each(READS)('is not read by another account either where code came after the first look: %s', async (_what, read) => {
    const swapped = "ALTER TABLE app.events RENAME TO events_before; CREATE VIEW app.events AS SELECT 1::bigint AS id, now() AS at, 'f'::text AS file WHERE app.wicked(7) = 1; GRANT SELECT, DELETE ON app.events TO cleaner";
    for (const statement of ['CREATE INDEX ON app.events (app.wicked(7))', swapped]) {
      await opened('cleaner', async (trimmer) => {
        if (!trimmer.ok) throw new Error(trimmer.error);
        await expect(read(trimmer.value as PairTrimmer)).resolves.toBeDefined();
        await product?.query(statement);
        await expect(read(trimmer.value as PairTrimmer)).rejects.toThrow('would run with the rights of its account');
      });
      await nothingElseHappened();
      await product?.query('DROP INDEX IF EXISTS app.events_wicked_idx');
    }
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

describe('a table of PostgreSQL that its own role deletes from', () => {
  const BY_ANOTHER = 'CREATE TRIGGER hostile BEFORE DELETE ON app.events FOR EACH ROW EXECUTE FUNCTION theirs.steal()';
  const secrets = async (): Promise<number | null | undefined> => (await product?.query('SELECT FROM app.secrets'))?.rowCount;
  beforeEach(() => product?.query('GRANT TRIGGER ON app.events TO cleaner'));

  it.each([
    ['code of another', BY_ANOTHER],
    ['a condition of another, who may make no triggers now', 'CREATE TRIGGER hostile BEFORE DELETE ON app.events FOR EACH ROW WHEN (theirs.steals(OLD.id)) EXECUTE FUNCTION app.hostile()', 'REVOKE TRIGGER ON app.events FROM cleaner'],
    ['code of its own, put there by another', TRIGGER],
  ])('is left alone where its triggers run %s', async (_what, statement, after = 'SELECT') => {
    await product?.query('GRANT EXECUTE ON FUNCTION app.hostile() TO cleaner');
    await cleaner?.query(statement);
    await product?.query(after);
    expect(await removes('product')).toContain('belongs to another role');
    expect(await secrets()).toBe(1);
    await nothingElseHappened();
  });

  it('is left alone where such a trigger comes after the first look', async () => {
    await opened('product', async (trimmer) => {
      if (!trimmer.ok) throw new Error(trimmer.error);
      await cleaner?.query(BY_ANOTHER);
      await expect(trimmer.value.remove(['1'], ALL)).rejects.toThrow('belongs to another role');
    });
    expect(await secrets()).toBe(1);
  });

  it('is left alone by a super-user too', async () => {
    await superuser?.query(`CREATE TABLE app.of_server (id bigint, at timestamptz, file text); INSERT INTO app.of_server VALUES (1, now(), 'x'); GRANT TRIGGER ON app.of_server TO product`);
    await product?.query('CREATE TRIGGER hostile BEFORE DELETE ON app.of_server FOR EACH ROW EXECUTE FUNCTION app.hostile()');
    expect(await removes(server.superuser, { ...EVENTS, relation: 'app.of_server' })).toContain('belongs to another role');
    await superuser?.query('DROP TABLE app.of_server');
    await nothingElseHappened();
  });

  it('loses its rows where others may make triggers and there is none', async () => {
    expect(await removes('product')).toMatchObject({ removed: true });
  });
});

describe('a table of PostgreSQL that takes rows of others with it', () => {
  it.each([
    ['leave too', NOTES('CASCADE'), 'app.notes'],
    ['are emptied', NOTES('SET NULL'), 'app.notes'],
    ['are set back', NOTES('SET DEFAULT'), 'app.notes'],
    ['leave too, further away', `${NOTES('CASCADE')} CREATE TABLE app.marks (note bigint REFERENCES app.notes ON DELETE SET NULL); INSERT INTO app.marks VALUES (1)`, 'app.marks'],
  ])('is left alone where these %s and run code', async (_what, statements, table) => {
    await product?.query(`${statements}; CREATE TRIGGER hostile AFTER DELETE OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION app.hostile()`);
    expect(await removes('cleaner')).toContain('would run with the rights of its account');
    await nothingElseHappened();
  });

  it('is left alone where that code comes after the first look', async () => {
    await product?.query(NOTES('CASCADE'));
    await opened('cleaner', async (trimmer) => {
      if (!trimmer.ok) throw new Error(trimmer.error);
      await product?.query('CREATE TRIGGER hostile AFTER DELETE ON app.notes FOR EACH ROW EXECUTE FUNCTION app.hostile()');
      await expect(trimmer.value.remove(['1'], ALL)).rejects.toThrow('would run with the rights of its account');
    });
    await nothingElseHappened();
  });

  it.each(['CASCADE', 'SET NULL', 'SET DEFAULT'])('loses its rows where these run none (%s)', async (action) => {
    await product?.query(NOTES(action));
    expect(await removes('cleaner')).toMatchObject({ removed: true });
  });

  it('loses its rows where code waits for something that does not happen there', async () => {
    await product?.query(`${NOTES('CASCADE')}; CREATE TRIGGER hostile BEFORE INSERT OR UPDATE ON app.notes FOR EACH ROW EXECUTE FUNCTION app.hostile()`);
    expect(await removes('cleaner')).toMatchObject({ removed: true });
  });
});

describe('functions of the product under names of the server', () => {
  const SPY = (name: string, takes: string, gives: string): string => `CREATE FUNCTION public.${name}(${takes}) RETURNS ${gives} LANGUAGE plpgsql AS $$ BEGIN
    BEGIN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch ${ran}'''; EXCEPTION WHEN OTHERS THEN NULL; END;
    BEGIN EXECUTE 'DELETE FROM public.of_another'; EXCEPTION WHEN OTHERS THEN NULL; END;
    RETURN NULL; END $$`;
  beforeEach(async () => {
    await product?.query(`DROP TABLE IF EXISTS public.numbered; CREATE TABLE public.numbered (id bigint PRIMARY KEY, at bigint); INSERT INTO public.numbered VALUES (1, 1700000000); GRANT SELECT, DELETE ON public.numbered TO cleaner`);
    await product?.query(`${SPY('bits', 'smallint, integer', 'integer')}; CREATE OPERATOR public.& (FUNCTION = public.bits, LEFTARG = smallint, RIGHTARG = integer); ${SPY('to_timestamp', 'numeric', 'timestamptz')}`);
    for (const role of [server.superuser, 'cleaner']) await superuser?.query(`ALTER ROLE ${role} SET search_path = public, pg_catalog`);
  });
  afterEach(async () => {
    for (const role of [server.superuser, 'cleaner']) await superuser?.query(`ALTER ROLE ${role} RESET search_path`);
    await product?.query('DROP OPERATOR public.& (smallint, integer); DROP FUNCTION public.bits; DROP FUNCTION public.to_timestamp(numeric); DROP TABLE public.numbered');
  });

  it.each([['a super-user', () => server.superuser, 'is a super-user'], ['an account of ours', () => 'cleaner', 'would run with the rights']])('are not run by the look at a table, as %s', async (_who, user, words) => {
    await product?.query(TRIGGER);
    expect(await removes(user())).toContain(words);
    await nothingElseHappened();
  });

  it.each(['public.numbered', 'numbered'])('are not run by reading or deleting from %s', async (relation) => {
    const rows: Relation = { ...EVENTS, relation, timeUnit: 'unix-seconds', fileColumn: null };
    const found = await opened('cleaner', async (trimmer) => (trimmer.ok ? [await trimmer.value.facts(), await trimmer.value.remove(['1'], ALL)] : trimmer.error), rows);
    expect(found).toMatchObject([{ records: 1, oldestAt: '2023-11-14T22:13:20.000Z' }, { removed: true }]);
    await nothingElseHappened();
  });

  it('are no reason to delete from what is no table', async () => {
    await product?.query('CREATE VIEW app.seen AS SELECT * FROM app.events; GRANT SELECT, DELETE ON app.seen TO cleaner');
    expect(await removes('cleaner', { ...EVENTS, relation: 'app.seen' })).toContain('is no table');
    await product?.query('DROP VIEW app.seen');
  });
});
