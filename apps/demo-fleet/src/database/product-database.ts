import { Pool, type PoolClient } from 'pg';
import { CREATE_TABLES, LETTER_TABLES, LOG_TABLES, TIME_COLUMNS, type LetterRow, type LetterTable, type LogRow, type LogTable, type PreparedRows } from './product-tables.js';

/** Generous: a machine that starts a whole runtime at once is slow for a moment. Units: milliseconds. */
const CONNECT_MS_MAX = 10_000;
const STATEMENT_MS_MAX = 10_000;
/** The generator of a server works one step at a time. */
const CONNECTIONS_MAX = 1;
const ROWS_PER_INSERT = 2_000;

/** Where one server's product database is, with the role's own password. */
export interface DatabasePlace {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly password: string;
}

/** Columns come from this app's own row makers; values travel as one JSON parameter. */
function insertion(table: LetterTable | LogTable, row: LetterRow | LogRow): string {
  const columns = Object.keys(row).join(', ');
  return `INSERT INTO public.${table} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::public.${table}, $1::jsonb)`;
}

/** The product database of one server, as the product itself writes it. */
export class ProductDatabase {
  readonly #pool: Pool;
  #wasLost = false;

  constructor({ host, port, name, password }: DatabasePlace) {
    this.#pool = new Pool({ host, port, database: name, user: name, password, max: CONNECTIONS_MAX, connectionTimeoutMillis: CONNECT_MS_MAX, statement_timeout: STATEMENT_MS_MAX, application_name: 'demo-fleet' });
    this.#pool.on('error', () => {
      this.#wasLost = true;
    });
  }

  /** True once after a connection was lost, also when no query was under way: the server may have crashed, and with it the last commits. */
  takeLoss(): boolean {
    const lost = this.#wasLost;
    this.#wasLost = false;
    return lost;
  }

  /** Makes the tables and fills them, all or nothing, and on disk when it resolves. */
  async prepare(rows: PreparedRows): Promise<void> {
    await this.#transaction(async (client) => {
      await client.query('SET LOCAL synchronous_commit = on');
      await client.query(CREATE_TABLES);
      for (const table of [...LETTER_TABLES, ...LOG_TABLES]) {
        for (let at = 0; at < rows[table].length; at += ROWS_PER_INSERT) await insert(client, table, rows[table].slice(at, at + ROWS_PER_INSERT));
      }
    });
  }

  /** Adds a letter's row while `place` puts its file in place: both are there, or neither. Errors: throws after `takeBack`. */
  async addLetter(table: LetterTable, row: LetterRow, place: () => void, takeBack: () => void): Promise<void> {
    try {
      await this.#transaction(async (client) => {
        await insert(client, table, [row]);
        place();
      });
    } catch (cause) {
      takeBack();
      throw cause;
    }
  }

  /** Removes rows by their files; `removeFiles` follows in the moment of the commit. */
  async removeLetters(table: LetterTable, files: readonly string[], removeFiles: () => void): Promise<void> {
    await this.#pool.query(`DELETE FROM public.${table} WHERE file = ANY($1::text[])`, [files]);
    removeFiles();
  }

  async filesOf(table: LetterTable): Promise<string[]> {
    const { rows } = await this.#pool.query<{ file: string }>(`SELECT file FROM public.${table}`);
    return rows.map((row) => row.file);
  }

  async addLogRows(table: LogTable, rows: readonly LogRow[]): Promise<void> {
    const [first] = rows;
    if (first !== undefined) await this.#pool.query(insertion(table, first), [JSON.stringify(rows)]);
  }

  async count(table: LogTable): Promise<number> {
    const { rows } = await this.#pool.query<{ records: string }>(`SELECT count(*) AS records FROM public.${table}`);
    return Number(rows[0]?.records ?? 0);
  }

  async trimOldest(table: LogTable, count: number): Promise<void> {
    await this.#pool.query(`DELETE FROM public.${table} WHERE id IN (SELECT id FROM public.${table} ORDER BY ${TIME_COLUMNS[table]}, id LIMIT $1)`, [count]);
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #transaction(work: (client: PoolClient) => Promise<void>): Promise<void> {
    const client = await this.#pool.connect();
    let broken: unknown = null;
    client.on('error', onClientError);
    try {
      await client.query('BEGIN');
      await work(client);
      await client.query('COMMIT');
    } catch (cause) {
      broken = cause;
      throw cause;
    } finally {
      client.off('error', onClientError);
      client.release(broken !== null); // A connection in trouble is not used again; closing it rolls back.
    }
  }
}

const onClientError = (): void => undefined;

async function insert(client: PoolClient, table: LetterTable | LogTable, rows: readonly (LetterRow | LogRow)[]): Promise<void> {
  const [first] = rows;
  if (first !== undefined) await client.query(insertion(table, first), [JSON.stringify(rows)]);
}
