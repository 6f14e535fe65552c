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

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** As `x86_64-linux-gnu`. */
const librariesIn = (prefix: string): string[] => (existsSync(join(prefix, 'usr/lib')) ? readdirSync(join(prefix, 'usr/lib')).filter((name) => name.endsWith('linux-gnu')).map((name) => join(prefix, 'usr/lib', name)) : []);

/** The program that `bin/test integration` unpacked, else that of this machine; null where there is none. */
export function logProgram(name: 'logrotate' | 'rsyslogd'): LogProgram | null {
  const prefix = [UNPACKED, '/'].find((folder) => isProgram(join(folder, 'usr/sbin', name)));
  if (prefix === undefined) return null;
  const libraries = librariesIn(prefix);
  const modules = libraries.map((folder) => join(folder, 'rsyslog')).find((folder) => existsSync(folder)) ?? '';
  return { program: join(prefix, 'usr/sbin', name), env: prefix === UNPACKED ? { LD_LIBRARY_PATH: libraries.join(':') } : {}, modules };
}
