import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Receipt } from '@mailwarden/contracts';
import { PlainStore, newOrder, type Terms } from '../../fault/plain-store.js';
import { logProgram } from '../log-programs.js';

/** Whoever brings a folder back under its limit: the columns of the table. */
export type RotatorName = 'logrotate' | 'systemd-tmpfiles' | 'Mailwarden';

/** What it said, and the receipt where it gives one. */
export interface Said {
  readonly text: string;
  readonly receipt: Receipt | null;
}

/** A folder of its own, alike for each rotator. */
export class Ground {
  readonly #plain = PlainStore.make('comparison');
  readonly #dir = mkdtempSync(join(tmpdir(), 'mailwarden-rules-'));

  get folder(): string {
    return this.#plain.store;
  }

  /** A place that is outside of the store. */
  get outside(): string {
    const path = join(this.#plain.root, 'outside');
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Carries out one block of logrotate's own language, at once, whatever its last run was. */
  logrotate(block: string): Said {
    const rules = join(this.#dir, 'rules');
    writeFileSync(rules, block, { mode: 0o644 });
    const found = logProgram('logrotate');
    if (found === null) throw new Error('logrotate is not here');
    return run(found.program, ['--force', '--state', join(this.#dir, 'state'), rules], found.env);
  }

  /** Cleans by one line of tmpfiles.d(5). */
  tmpfiles(line: string): Said {
    const rules = join(this.#dir, 'rules.conf');
    writeFileSync(rules, `${line}\n`, { mode: 0o644 });
    if (TMPFILES === null) throw new Error('systemd-tmpfiles is not here');
    return run(TMPFILES, ['--clean', rules], {});
  }

  async ours(terms: Terms): Promise<Said> {
    const receipt = await this.#plain.rotate(newOrder(), terms);
    return { text: receipt.reason, receipt };
  }

  remove(): void {
    this.#plain.remove();
    rmSync(this.#dir, { recursive: true });
  }
}

function run(program: string, args: readonly string[], env: Readonly<Record<string, string>>): Said {
  const { stdout, stderr, error } = spawnSync(program, args, { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env }, encoding: 'utf8' });
  if (error !== undefined) throw error;
  return { text: `${stdout}${stderr}`.trim(), receipt: null };
}

const UNPACKED = join(import.meta.dirname, '../../../.tools/tmpfiles');
const TMPFILES = ['/usr/bin/systemd-tmpfiles', '/bin/systemd-tmpfiles', ...['usr/bin/systemd-tmpfiles', 'bin/systemd-tmpfiles', 'usr/bin/systemd-tmpfiles.standalone'].map((place) => join(UNPACKED, place))].find((path) => existsSync(path)) ?? null;

/** Which programs are missing; empty when all are here. */
export const MISSING: readonly string[] = [...(logProgram('logrotate') === null ? ['logrotate'] : []), ...(TMPFILES === null ? ['systemd-tmpfiles'] : [])];

/** Of the programs that were looked at, as they tell it. */
export function versions(): string {
  const logrotate = logProgram('logrotate');
  const told = [logrotate === null ? '' : run(logrotate.program, ['--version'], logrotate.env).text, TMPFILES === null ? '' : run(TMPFILES, ['--version'], {}).text];
  const [one, two] = told.map((text) => /\d+(\.\d+)*/.exec(text)?.[0] ?? '?');
  return `logrotate ${one} and systemd-tmpfiles ${two}`;
}
