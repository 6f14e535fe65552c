import { spawn, type ChildProcess } from 'node:child_process';
import { err, ok, type Result } from '@mailwarden/kernel';
import { ownProgram } from '../sqlite/own-program.js';
import { sqliteTrouble } from '../sqlite/sqlite-trouble.js';
import type { SqliteFile } from '../sqlite/sqlite-file.js';
import type { SqliteCommand, SqliteReply, SqliteWriterStart } from './sqlite-command.js';
import { LOCK_WAIT_MS_MAX } from './record-trimmer.js';
import { ReplyLines } from './reply-lines.js';
import { ownerProblem } from './sqlite-owner.js';
import type { TrimTerms } from './trim-terms.js';

const HEAP_MB_MAX = 256;
/** One statement over a large table on a slow disk. Units: milliseconds. */
const REPLY_MS_MAX = 120_000;
/** While the product writes. Units: milliseconds. */
const WAIT_MS_MAX = 2_000;
const GOODBYE_MS_MAX = 5_000;
const SETPRIV = '/usr/bin/setpriv';
/** Of setpriv, when it cannot do what it is asked. */
const NOT_BECOME = 127;
const NODE = ownProgram(new URL('./sqlite-writer-child', import.meta.url), HEAP_MB_MAX);

/**
 * The account that the file belongs to, which has no capability and can get none, ended when we are. The executor cannot change its bounding set, and an account that is not root needs no such wall.
 * As root, SQLite would make what lies beside the file for root, or give it away; and whatever the product put into the file would run as root.
 */
const asOwner = ({ uid, gid }: SqliteFile): readonly string[] => [SETPRIV, `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--no-new-privs', '--inh-caps=-all', '--ambient-caps=-all', '--pdeathsig=KILL'];

/** The process that writes to one file, one command after the other. */
export class SqliteWriter {
  readonly #waiting: ((reply: SqliteReply | null) => void)[] = [];
  #gone: string | null = null;

  constructor(
    private readonly child: ChildProcess,
    program: string,
  ) {
    const end = (why: string): void => {
      this.#gone ??= why;
      for (const waiting of this.#waiting.splice(0)) waiting(null);
    };
    const replies = new ReplyLines((reply) => this.#waiting.shift()?.(reply));
    child.stdout?.on('data', (chunk: Buffer) => {
      const problem = this.#gone === null ? replies.take(chunk) : null;
      if (problem === null) return;
      end(problem);
      child.kill('SIGKILL');
    });
    child.stdin?.on('error', () => undefined); // It may end before it has read the command.
    child.once('error', () => end(`the process that writes to it could not be started; it needs ${program}`));
    child.once('close', (status, signal) => end(status === NOT_BECOME ? `the rights of root could not be given up for writing to it; look at what ${SETPRIV} says` : signal === 'SIGKILL' ? 'it took longer than a mail server can spare' : 'the process that wrote to it ended early'));
  }

  /** Errors: throws RangeError, in words, when there is no reply; whether a deletion took effect is then not known. */
  async reply(command: SqliteCommand | SqliteWriterStart): Promise<SqliteReply> {
    const timer = setTimeout(() => this.child.kill('SIGKILL'), REPLY_MS_MAX);
    const found = await new Promise<SqliteReply | null>((resolve) => {
      if (this.#gone !== null) return resolve(null);
      this.#waiting.push(resolve);
      this.child.stdin?.write(`${JSON.stringify(command)}\n`);
    });
    clearTimeout(timer);
    if (found === null) throw new RangeError(this.#gone ?? 'the process that wrote to it ended early');
    if ('trouble' in found) throw new RangeError('its file was replaced while it was opened');
    return found;
  }

  /** Errors: throws RangeError, in words. */
  async rows(sql: string, values: readonly number[] = [], keys: readonly string[] = [], locked = false): Promise<readonly (readonly (string | number | null)[])[]> {
    const reply = await this.reply({ do: 'read', sql, values, keys, locked });
    if ('code' in reply) throw new RangeError(sqliteTrouble(reply.code, reply.what));
    return 'rows' in reply ? reply.rows : [];
  }

  /** Ends the process, which closes the file as any of its writers. */
  async close(): Promise<void> {
    if (this.#gone !== null) return;
    const timer = setTimeout(() => this.child.kill('SIGKILL'), GOODBYE_MS_MAX);
    await new Promise<void>((resolve) => {
      this.child.once('close', () => resolve());
      this.child.stdin?.end();
    });
    clearTimeout(timer);
  }
}

/** Opens a file for deleting from it, as its owner. Errors: why that cannot be done. */
export async function openSqliteWriter(file: SqliteFile, { overwrite, owners }: TrimTerms): Promise<Result<SqliteWriter, string>> {
  const isRoot = process.geteuid?.() === 0;
  const problem = isRoot ? ownerProblem(file, owners) : null;
  if (problem !== null) return err(problem);
  const [program = '', ...args] = isRoot ? [...asOwner(file), ...NODE] : NODE;
  // A session of its own: what runs as another account could type into our terminal. It ends with us all the same, when its input does.
  const writer = new SqliteWriter(spawn(program, args, { cwd: '/', env: {}, detached: true, stdio: ['pipe', 'pipe', 'ignore', file.folderFd] }), program);
  try {
    const reply = await writer.reply({ name: file.name, device: String(file.device), inode: String(file.inode), waitMs: WAIT_MS_MAX, busyMs: LOCK_WAIT_MS_MAX, overwrite });
    if (!('code' in reply)) return ok(writer);
    await writer.close();
    return err(sqliteTrouble(reply.code, reply.what));
  } catch (cause) {
    await writer.close();
    if (cause instanceof RangeError) return err(cause.message);
    throw cause;
  }
}
