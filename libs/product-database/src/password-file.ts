import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { err, ok, type Result } from '@mailwarden/kernel';

/** A password is one short line. Whatever is longer is another file, which is not handed to a database. Units: bytes. */
const PASSWORD_BYTES_MAX = 1_024;
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

function textOf(fd: number): string | null {
  const stat = fstatSync(fd);
  if (!stat.isFile() || stat.size > PASSWORD_BYTES_MAX) return null;
  const bytes = Buffer.alloc(PASSWORD_BYTES_MAX);
  const text = bytes.toString('utf8', 0, readSync(fd, bytes, 0, PASSWORD_BYTES_MAX, 0)).trim();
  return text.includes('\n') ? null : text;
}

/** Reads the password of a product's database. Errors: why not, without the file's content. */
export function readPassword(file: string): Result<string, string> {
  try {
    const fd = openSync(file, FLAGS);
    try {
      const text = textOf(fd);
      return text === null ? err(`${file} holds more than one line of ${PASSWORD_BYTES_MAX} bytes; put the password alone there`) : ok(text);
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    return err(`its password file ${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}
