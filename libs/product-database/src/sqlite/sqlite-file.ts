import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import type { HostSettings, SqliteDatabase } from '@mailwarden/catalogue';
import { err, ok, type Result } from '@mailwarden/kernel';
import { entryOf, openFolderOf, type Place } from '../beneath.js';

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Units: bytes. Source: SQLite, Database File Format, section 1.3. */
const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';
const READ_VERSION_AT = 19;
const WITH_JOURNAL = 1;
const WITH_LOG = 2;

/** How a file can be read without writing anything beside it. */
export type Reading =
  /** With SQLite's own locks, as any of its readers. */
  | 'with-locks'
  /** Nobody has it open: then SQLite would make a log and an index of its own, so it is read as if nobody could write, and looked at again afterwards. */
  | 'as-it-stands';

/** A file of SQLite that was looked at by descriptor. The folder's descriptor is the caller's to close. */
export interface SqliteFile extends Place {
  readonly reading: Reading;
  readonly device: bigint;
  readonly inode: bigint;
  /** Whose it is. */
  readonly uid: number;
  readonly gid: number;
  /** Names that it has. */
  readonly links: number;
  readonly bytes: number;
  /** Whether it is in the mode of a write-ahead log. */
  readonly withLog: boolean;
}

/** What lies beside a database: its rollback journal, its write-ahead log and the log's index. */
export interface Beside {
  readonly log: boolean;
  readonly index: boolean;
}

/** How to read a file by its first bytes and by what lies beside it. Source: SQLite, Write-Ahead Logging, "Read-Only Databases". Errors: why it cannot be read without writing. */
export function readingOf(header: Uint8Array, beside: Beside): Result<Reading, string> {
  if (header.length === 0) return err('its file is empty');
  if (header.length < HEADER_BYTES || Buffer.from(header.subarray(0, MAGIC.length)).toString('latin1') !== MAGIC) return err('its file is no SQLite database');
  const version = header[READ_VERSION_AT] ?? 0;
  if (version !== WITH_JOURNAL && version !== WITH_LOG) return err('its file is of a version of SQLite that is not known');
  if (!beside.log) return ok(version === WITH_LOG ? 'as-it-stands' : 'with-locks');
  return beside.index ? ok('with-locks') : err('changes wait in its log, which has no index beside it: the product keeps the file to itself, or has yet to open it');
}

/** Errors: throws when the entry is something else than a file, or cannot be looked at. */
function isBeside(place: Place, suffix: string): boolean {
  const found = lstatSync(entryOf(place, suffix), { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) throw new RangeError('what lies beside its file is no regular file');
  return found !== undefined;
}

function looked(place: Place): Result<SqliteFile, string> {
  const fd = openSync(entryOf(place), FLAGS);
  try {
    const stat: BigIntStats = fstatSync(fd, { bigint: true });
    if (!stat.isFile()) return err('it is no regular file');
    const header = Buffer.alloc(HEADER_BYTES);
    const bytes = readSync(fd, header, 0, HEADER_BYTES, 0);
    isBeside(place, '-journal');
    const reading = readingOf(header.subarray(0, bytes), { log: isBeside(place, '-wal'), index: isBeside(place, '-shm') });
    return reading.ok ? ok({ ...place, reading: reading.value, device: stat.dev, inode: stat.ino, uid: Number(stat.uid), gid: Number(stat.gid), links: Number(stat.nlink), bytes: Number(stat.size), withLog: header[READ_VERSION_AT] === WITH_LOG }) : reading;
  } finally {
    closeSync(fd);
  }
}

function troubleOfFile(cause: unknown): string {
  if (cause instanceof RangeError) return cause.message;
  const { code = 'unknown' } = cause as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'its file does not exist';
    case 'ELOOP':
      return 'its file is a link, which is not followed';
    case 'EACCES':
      return 'its file may not be read';
    default:
      return `its file cannot be read (${code})`;
  }
}

/** Opens the folder of a database and looks at its file, all below the host's root and by descriptor. Errors: why it cannot be read. */
export function openSqliteFile(root: { readonly fd: number }, { name, file }: SqliteDatabase, { databaseFiles = {} }: HostSettings): Result<SqliteFile, string> {
  const place = openFolderOf(root, Object.hasOwn(databaseFiles, name) ? (databaseFiles[name] ?? file) : file);
  if (!place.ok) return place;
  let found: Result<SqliteFile, string>;
  try {
    found = looked(place.value);
  } catch (cause) {
    found = err(troubleOfFile(cause));
  }
  if (!found.ok) closeSync(place.value.folderFd);
  return found;
}
