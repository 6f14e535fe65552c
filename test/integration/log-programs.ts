import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const UNPACKED = join(import.meta.dirname, '../../.tools/log-programs');

/** A program of the system's own logging, with what it needs to find its libraries where it was unpacked. */
export interface LogProgram {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  /** Folder of rsyslog's modules. */
  readonly modules: string;
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** As `x86_64-linux-gnu`. */
const librariesIn = (prefix: string): string[] => (existsSync(join(prefix, 'usr/lib')) ? readdirSync(join(prefix, 'usr/lib')).filter((name) => name.endsWith('linux-gnu')).map((name) => join(prefix, 'usr/lib', name)) : []);

/** Where packages of Debian have each; `lib` and `usr/lib` are one folder on some releases. */
const PLACES = { logrotate: ['usr/sbin/logrotate'], rsyslogd: ['usr/sbin/rsyslogd'], journal: ['usr/lib/systemd/systemd-journal-remote', 'lib/systemd/systemd-journal-remote'] } as const;

/** The program that `bin/test integration` unpacked, else that of this machine; null where there is none. */
export function logProgram(name: keyof typeof PLACES): LogProgram | null {
  const found = [UNPACKED, '/'].flatMap((prefix) => PLACES[name].map((place) => ({ prefix, program: join(prefix, place) }))).find(({ program }) => isProgram(program));
  if (found === undefined) return null;
  const { prefix, program } = found;
  const libraries = librariesIn(prefix).flatMap((folder) => [folder, join(folder, 'systemd')]);
  const modules = libraries.map((folder) => join(folder, 'rsyslog')).find((folder) => existsSync(folder)) ?? '';
  return { program, env: prefix === UNPACKED ? { LD_LIBRARY_PATH: libraries.join(':') } : {}, modules };
}
