import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { HostSettings, Relation } from '@mailwarden/catalogue';
import { startPostgres, type RunningPostgres } from '@mailwarden/testing';
import { Client } from 'pg';
import { WaitingWriter } from '../test/integration/waiting-writer.ts';
import { compare, report, reportValues, runProgram, type Side, type Value } from './compare.ts';
import type { TableOrder } from './trim-table-process.ts';

const ENGINE = join(import.meta.dirname, 'trim-table-process.ts');
const ROWS = 1_100_000;
const KEPT = 1_000_000;
const GONE = ROWS - KEPT;
const ROUNDS = 5;
const FIRST_S = 1_767_225_600;
/** Rows as a mail product logs them. */
const TEXT = 'from=<someone@example.org>, to=<somebody@example.com>, status=delivered, size=48213, verdict=clean';
const NAIVE = `DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY at LIMIT ${GONE})`;
const LEFT = "SELECT count(*) || ' left from ' || min(id) || ' to ' || max(id) FROM events";
const COLUMNS: Omit<Relation, 'database' | 'timeUnit'> = { relation: 'events', keyColumn: 'id', timeColumn: 'at', fileColumn: null };

/** One engine: how the table is made anew, and what is asked of it by its own client. */
interface Bench {
  readonly name: string;
  readonly prepare: () => void;
  readonly client: (statement: string) => { stdout: string; peakMiB: number | null };
  readonly order: TableOrder;
  /** As in `WaitingWriter`. */
  readonly writer: string;
}

const argumentsOf = (order: TableOrder): string[] => ['--disable-warning=ExperimentalWarning', ENGINE, JSON.stringify(order)];

function sidesOf({ name, prepare, client, order }: Bench): Side[] {
  const left = (): string => client(LEFT).stdout.trim();
  return [
    {
      name: `one DELETE in ${name}`,
      prepare,
      run: () => {
        const startedAt = process.hrtime.bigint();
        const { peakMiB } = client(NAIVE);
        return { ms: Number(process.hrtime.bigint() - startedAt) / 1e6, work: left(), peakMiB };
      },
    },
    {
      name: 'the executor once started',
      prepare,
      run: () => {
        const { stdout, peakMiB } = runProgram([process.execPath, ...argumentsOf(order)]);
        return { ms: Number(stdout), work: left(), peakMiB };
      },
    },
  ];
}

/** The longest time that the product waited for one of its own writes meanwhile. Units: milliseconds. */
async function waited({ name, prepare, order, writer }: Bench): Promise<Value> {
  prepare();
  const product = await WaitingWriter.start(writer, ROWS + 1);
  const status = await new Promise((resolve) => spawn(process.execPath, argumentsOf(order), { stdio: ['ignore', 'ignore', 'inherit'] }).once('close', resolve));
  product.end();
  const { waitedMs } = await product.said();
  if (status !== 0) throw new Error(`${name}: the engine ended with ${String(status)}`);
  return { name: `longest wait of a writer, ${name}`, value: waitedMs, unit: 'ms' };
}

function sqliteBench(dir: string, journal: 'delete' | 'wal'): Bench {
  const root = join(dir, `sqlite-${journal}`);
  const [whole, file] = [join(root, 'whole.db'), join(root, 'var/opt/bench/events.db')];
  mkdirSync(join(root, 'var/opt/bench'), { recursive: true });
  const database = new DatabaseSync(whole);
  database.exec(`PRAGMA journal_mode=${journal}; CREATE TABLE events (id integer PRIMARY KEY, at integer, text text); INSERT INTO events WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS}) SELECT i, ${FIRST_S} + i, '${TEXT}' FROM n`);
  database.close();
  return {
    name: `sqlite3, journal ${journal}`,
    prepare: () => {
      for (const suffix of ['-wal', '-shm', '-journal']) rmSync(`${file}${suffix}`, { force: true });
      copyFileSync(whole, file);
      runProgram(['/bin/sync']);
    },
    client: (statement) => runProgram(['/usr/bin/sqlite3', file, statement]),
    order: { root, settings: { databases: {} }, rows: { ...COLUMNS, timeUnit: 'unix-seconds', database: { engine: 'sqlite', name: 'bench', file: '/var/opt/bench/events.db' } }, kept: KEPT, gone: GONE },
    writer: `async function connect() {
      const insert = new (require('node:sqlite').DatabaseSync)(${JSON.stringify(file)}, { timeout: 5000 }).prepare("INSERT INTO events VALUES (?, ?, '${TEXT}')");
      return (n) => insert.run(n, ${FIRST_S} + n);
    }`,
  };
}

async function postgresBench(server: RunningPostgres, dir: string): Promise<Bench> {
  const password = readFileSync(server.passwordFile, 'utf8').trim();
  const client = new Client({ host: '127.0.0.1', port: server.port, user: server.superuser, database: 'postgres', password });
  await client.connect();
  await client.query(`CREATE TABLE whole (id bigint PRIMARY KEY, at timestamptz, text text); INSERT INTO whole SELECT n, to_timestamp(${FIRST_S} + n), '${TEXT}' FROM generate_series(1, ${ROWS}) AS n`);
  await client.end();
  const psql = (statement: string): ReturnType<Bench['client']> => runProgram(['/usr/bin/psql', '-XAtq', '-h', '127.0.0.1', '-p', String(server.port), '-U', server.superuser, '-c', statement, 'postgres'], { ...process.env, PGPASSWORD: password });
  const settings: HostSettings = { databases: { bench: { host: '127.0.0.1', port: server.port, name: 'postgres', user: server.superuser, passwordFile: server.passwordFile } } };
  mkdirSync(join(dir, 'postgresql'));
  return {
    name: 'psql',
    prepare: () => {
      psql('DROP TABLE IF EXISTS events');
      psql('CREATE TABLE events (LIKE whole INCLUDING ALL)');
      psql('INSERT INTO events SELECT * FROM whole');
      psql('VACUUM ANALYZE events');
      psql('CHECKPOINT');
    },
    client: psql,
    order: { root: join(dir, 'postgresql'), settings, rows: { ...COLUMNS, relation: 'public.events', timeUnit: 'timestamp', database: { engine: 'postgresql', socket: '/x', name: 'bench', user: 'x' } }, kept: KEPT, gone: GONE },
    writer: `async function connect() {
      const client = new (require('pg').Client)({ host: '127.0.0.1', port: ${server.port}, user: ${JSON.stringify(server.superuser)}, database: 'postgres', password: ${JSON.stringify(password)} });
      await client.connect();
      return (n) => client.query("INSERT INTO events VALUES ($1, to_timestamp($2), '${TEXT}')", [n, ${FIRST_S} + n]);
    }`,
  };
}

/** The oldest rows leave a table in short batches, planned and journalled, beside one DELETE of the engine's own client. */
export async function benchTrimTable(dir: string): Promise<void> {
  const goal = 'at most 1.2x of one DELETE, and no writer waits for 100 ms';
  const server = await startPostgres();
  try {
    const benches = [await postgresBench(server, dir), sqliteBench(dir, 'delete'), sqliteBench(dir, 'wal')];
    const results = ['trim-table', 'trim-table-sqlite', 'trim-table-sqlite-wal'];
    for (const [place, bench] of benches.entries()) report(results[place] ?? '', `the newest ${KEPT} of ${ROWS} rows kept, without an index on their time`, goal, compare('trim-table', sidesOf(bench), ROUNDS));
    const waits: Value[] = [];
    for (const bench of benches) waits.push(await waited(bench));
    reportValues('trim-table-wait', 'a product that writes while its table is trimmed', goal, waits);
  } finally {
    await server.stop();
  }
}
