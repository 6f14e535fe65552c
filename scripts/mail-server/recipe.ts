import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Mail servers that can be built, each with a folder of its own beside this file. */
export const MAIL_SERVERS = ['gateway', 'exim'] as const;
export type MailServerName = (typeof MAIL_SERVERS)[number];

/** The release of Debian that they are built from, whatever runs the build: figures and settings stay the same. */
export const SUITE = 'bookworm';

/** What a server is made of: its packages, the files put over theirs (`root`), what runs in it before it ever boots (`prepare.sh`), and what fills it once it has (`fill.sh`). */
export interface Recipe {
  readonly name: MailServerName;
  readonly folder: string;
  readonly packages: readonly string[];
  /** Changes with everything that the image depends on. */
  readonly digest: string;
}

const DIGEST_SHOWN = 16;

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

/** Reads a recipe. `fill.sh` is no part of the image, so that a change of it needs no new one. */
export function recipeOf(name: MailServerName): Recipe {
  const folder = join(import.meta.dirname, name);
  const packages = readFileSync(join(folder, 'packages'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const hash = createHash('sha256').update(SUITE);
  for (const path of [join(folder, 'packages'), join(folder, 'prepare.sh'), join(import.meta.dirname, 'build-image.ts'), ...filesBelow(join(folder, 'root'))]) {
    hash.update(`\0${path.slice(import.meta.dirname.length)}\0`).update(readFileSync(path));
  }
  return { name, folder, packages, digest: hash.digest('hex').slice(0, DIGEST_SHOWN) };
}
