import { spawn } from 'node:child_process';
import { err, ok, type Result } from '@mailwarden/kernel';
import { ownProgram } from './own-program.js';
import type { SqliteFile } from './sqlite-file.js';
import type { SqliteAnswer, SqliteQuestion } from './sqlite-question.js';
import { sqliteTrouble } from './sqlite-trouble.js';

/** While the product writes. Units: milliseconds. */
const BUSY_MS_MAX = 2_000;
/** Whoever reads a file with a rollback journal keeps its writer from finishing: shorter than what a server may take. Units: milliseconds. */
const LIFE_MS_MAX = 8_000;
/** The process keeps the time itself, this is for when it cannot. Units: milliseconds. */
const ANSWER_MS_MAX = LIFE_MS_MAX + 2_000;
/** Names of the files of a large store. Units: bytes. */
const ANSWER_BYTES_MAX = 128 * 1024 * 1024;
const HEAP_MB_MAX = 256;
const NODE = ownProgram(new URL('./sqlite-child', import.meta.url), HEAP_MB_MAX);
const SETPRIV = '/usr/bin/setpriv';
/** Account that every Linux system has, and that nothing belongs to. */
const NOBODY = '65534';
/** What reads everything and writes nothing. Source: capabilities(7). */
const READS_ALL = '-all,+dac_read_search';
/**
 * As root, SQLite gives what lies beside a database to the database's owner whenever it opens it, and could make it anew. Nobody, with the right to read alone, can do neither.
 * Without the fixup, access(2) would not count that right, and SQLite take a log for missing that it merely may not write.
 * The agent has that right alone to begin with, and hands it on.
 */
const WITHOUT_ROOT = [SETPRIV, `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--no-new-privs', `--inh-caps=${READS_ALL}`, `--ambient-caps=${READS_ALL}`, `--bounding-set=${READS_ALL}`, '--securebits=+no_setuid_fixup'] as const;
/** Of setpriv, when it cannot do what it is asked. */
const NOT_GIVEN_UP = 127;
const TOO_LONG = 'it took longer than a mail server can spare';

export type Rows = readonly (readonly (string | number | null)[])[][];

function inWords(text: string, rowsMax: number): Result<Rows, string> {
  const answer = JSON.parse(text) as SqliteAnswer;
  if ('rows' in answer) return ok(answer.rows as Rows);
  if ('code' in answer) return err(sqliteTrouble(answer.code, answer.what));
  return err({ replaced: 'its file was replaced while it was opened', written: 'its file was written to while it was read', rows: `more than ${rowsMax} rows` }[answer.trouble]);
}

/** Puts statements to a file in a process of its own, which is ended when it takes too long. Errors: why there is no answer. */
export function askSqlite(file: SqliteFile, statements: SqliteQuestion['statements'], rowsMax: number): Promise<Result<Rows, string>> {
  const question: SqliteQuestion = { name: file.name, reading: file.reading, device: String(file.device), inode: String(file.inode), busyMs: BUSY_MS_MAX, lifeMs: LIFE_MS_MAX, statements, rowsMax };
  return new Promise((resolve) => {
    const [program = '', ...args] = process.geteuid?.() === 0 ? [...WITHOUT_ROOT, ...NODE] : NODE;
    // A session of its own: what runs as another account could type into our terminal. It ends by its own clock where we do not live to end it.
    const child = spawn(program, args, { cwd: '/', env: {}, detached: true, stdio: ['pipe', 'pipe', 'ignore', file.folderFd] });
    const timer = setTimeout(() => child.kill('SIGKILL'), ANSWER_MS_MAX);
    const chunks: Buffer[] = [];
    let bytes = 0;
    child.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES_MAX) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
    child.once('error', () => {
      clearTimeout(timer);
      resolve(err(`the process that reads it could not be started; it needs ${program}`));
    });
    child.once('close', (status, signal) => {
      clearTimeout(timer);
      if (bytes > ANSWER_BYTES_MAX) resolve(err(`it has more to say than ${ANSWER_BYTES_MAX} bytes`));
      else if (status === 0) resolve(inWords(Buffer.concat(chunks).toString('utf8'), rowsMax));
      else if (status === NOT_GIVEN_UP) resolve(err(`the rights of root could not be given up for reading it; look at what ${SETPRIV} says`));
      else resolve(err(signal === 'SIGKILL' ? TOO_LONG : 'the process that read it ended early'));
    });
    child.stdin?.on('error', () => undefined); // It may end before it has read the question.
    child.stdin?.end(JSON.stringify(question));
  });
}
