import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { isProgram, logProgram } from '../log-programs.js';

/** A program that is compared, with what it needs to find its libraries. */
export interface ComparedProgram {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  /** As it says itself. */
  readonly version: string;
}

const UNPACKED = join(import.meta.dirname, '../../../.tools/tmpfiles');
const TMPFILES = ['/usr/bin/systemd-tmpfiles', '/bin/systemd-tmpfiles', ...['usr/bin/systemd-tmpfiles', 'bin/systemd-tmpfiles', 'usr/bin/systemd-tmpfiles.standalone'].map((name) => join(UNPACKED, name))];

function versioned(program: string, env: Readonly<Record<string, string>>): ComparedProgram {
  const said = execFileSync('/bin/sh', ['-c', '"$0" --version 2>&1', program], { env: { ...env, PATH: '/usr/bin:/bin' }, encoding: 'utf8' });
  return { program, env, version: /\d+(?:\.\d+)*/.exec(said)?.[0] ?? 'unknown' };
}

/** Null where this machine has none. */
export function findLogrotate(): ComparedProgram | null {
  const found = logProgram('logrotate');
  return found === null ? null : versioned(found.program, found.env);
}

/** Null where this machine has none. */
export function findTmpfiles(): ComparedProgram | null {
  const program = TMPFILES.find(isProgram);
  return program === undefined ? null : versioned(program, {});
}
