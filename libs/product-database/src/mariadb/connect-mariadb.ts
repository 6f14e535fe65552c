import type { ServerDatabase } from '@mailwarden/catalogue';
import { err, ok, type Result } from '@mailwarden/kernel';
import type { Connection, ConnectionOptions, FieldPacket } from 'mysql2/promise';
import { within } from '../attempt.js';
import { withGuardedSockets } from '../guarded-socket.js';
import type { DatabaseHost } from '../relation-reader.js';
import { toldPlace } from '../server-place.js';
import { withSocket } from '../socket-place.js';
import { mariadbTrouble } from './mariadb-trouble.js';
import { PROVING_PLUGINS } from './proving-plugins.js';

const CONNECT_MS_MAX = 3_000;
/** A mail server's own work comes first: nothing of ours holds its database longer. Units: seconds. */
const STATEMENT_SECONDS_MAX = 10;
const LOCK_SECONDS_MAX = 2;
/** A server that stands still ends no statement by itself: then we stop waiting. Units: milliseconds. */
const ANSWER_MS_MAX = STATEMENT_SECONDS_MAX * 1_000 + 5_000;
const GOODBYE_MS_MAX = 2_000;
/** A session of ours that stands still is ended by the server. Units: seconds. */
const IDLE_SECONDS_MAX = 60;

export type Row = readonly (string | number | Buffer | null)[];

/** A session whose every answer has a time limit. It can only read, unless it was opened for trimming. */
export interface MariadbSession {
  /** One statement of ours as plain text, as it stands. `affected` is how many rows it changed. */
  run(statement: string): Promise<{ rows: readonly Row[]; affected: number }>;
  ask(statement: string, values?: readonly (string | number)[]): Promise<{ rows: readonly Row[]; columnTypes: readonly number[] }>;
  /** Errors: throws what the server says. */
  reading<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Nothing that a server could ask of its client: no file of ours, no second statement, no password in the clear. */
const CAUTION: ConnectionOptions = {
  connectTimeout: CONNECT_MS_MAX,
  multipleStatements: false,
  flags: ['-LOCAL_FILES', '-MULTI_STATEMENTS', '-MULTI_RESULTS', '-PS_MULTI_RESULTS'],
  enableCleartextPlugin: false,
  authPlugins: PROVING_PLUGINS,
  disableEval: true,
  rowsAsArray: true,
  dateStrings: true,
  supportBigNumbers: true,
  bigNumberStrings: true,
  charset: 'utf8mb4_bin',
};

/** The session's mode is set first, so that quotes mean what they mean to whoever checked the statement. */
const LIMITS = `SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES', max_statement_time = ${STATEMENT_SECONDS_MAX}, lock_wait_timeout = ${LOCK_SECONDS_MAX}, innodb_lock_wait_timeout = ${LOCK_SECONDS_MAX}, wait_timeout = ${IDLE_SECONDS_MAX}`;
/** What a session is for. One that trims locks single rows and no gaps between them, where the product inserts, and waits for no lock at all. */
export type MariadbUse = 'read' | 'trim';
const SETTINGS: Readonly<Record<MariadbUse, readonly string[]>> = {
  read: [LIMITS, 'SET SESSION TRANSACTION READ ONLY'],
  trim: [LIMITS, 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', 'SET SESSION innodb_lock_wait_timeout = 0'],
};

function sessionOf(connection: Connection): MariadbSession {
  const giveUp = (): void => connection.destroy();
  const ask: MariadbSession['ask'] = async (statement, values = []) => {
    const [rows, fields] = (await within(ANSWER_MS_MAX, connection.execute({ sql: statement, values: [...values] }), giveUp)) as unknown as [Row[], FieldPacket[] | undefined];
    return { rows, columnTypes: (fields ?? []).map((field) => field.columnType ?? -1) };
  };
  const say = (statement: string): Promise<unknown> => within(ANSWER_MS_MAX, connection.query(statement), giveUp);
  return {
    ask,
    run: async (statement) => {
      const [answer] = (await within(ANSWER_MS_MAX, connection.query({ sql: statement, rowsAsArray: true }), giveUp)) as unknown as [Row[] | { affectedRows: number }];
      return Array.isArray(answer) ? { rows: answer, affected: 0 } : { rows: [], affected: answer.affectedRows };
    },
    reading: async (work) => {
      await say('START TRANSACTION READ ONLY');
      try {
        return await work();
      } finally {
        await say('ROLLBACK').catch(() => undefined); // A lost connection has rolled back by itself, and the first trouble is the one to tell.
      }
    },
    close: () => within(GOODBYE_MS_MAX, connection.end(), giveUp).catch(() => undefined),
  };
}

async function connected(options: ConnectionOptions, use: MariadbUse): Promise<Result<MariadbSession, string>> {
  // Loaded by who needs it: few hosts have such a server.
  const { createConnection } = await import('mysql2/promise');
  const opening = withGuardedSockets(() => createConnection({ ...CAUTION, ...options }));
  try {
    const connection = await within(CONNECT_MS_MAX * 2, opening, () => void opening.then((late) => late.destroy(), () => undefined));
    connection.on('error', () => undefined); // Whoever waits for an answer hears of it.
    try {
      for (const setting of SETTINGS[use]) await within(CONNECT_MS_MAX, connection.query(setting), () => connection.destroy());
    } catch (cause) {
      connection.destroy();
      throw cause;
    }
    return ok(sessionOf(connection));
  } catch (cause) {
    return err(mariadbTrouble(cause));
  }
}

/** Connects to MariaDB: by the host's settings where they name it, else by the socket of the profile. Errors: why it cannot be reached. */
export async function connectMariadb(database: ServerDatabase, host: DatabaseHost, use: MariadbUse = 'read'): Promise<Result<MariadbSession, string>> {
  const told = toldPlace(database, host.settings);
  if (!told.ok) return told;
  if (told.value === null) return withSocket(host, database.socket, (socketPath) => connected({ socketPath, user: database.user, database: database.name }, use));
  const { host: place, port, name, user, password } = told.value;
  return connected({ ...(place.startsWith('/') ? { socketPath: place } : { host: place, port }), database: name, user: user === '' ? database.user : user, password: password ?? '' }, use);
}
