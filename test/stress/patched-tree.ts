import { chmodSync, cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
/** What the suites run from. */
const COPIED = ['libs', 'apps/rotation-executor', 'apps/collector-agent', 'scripts', 'test', 'package.json', 'tsconfig.base.json', 'vitest.config.ts'];
const LEFT_OUT = new Set(['dist', 'node_modules', '.nx']);
/** Attackers of the race read their program from it, and they are another account. */
const MAY_ENTER = 0o755;

/** One place in the sources, and what stands there instead. */
export interface Patch {
  /** From the root of the project. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** Texts of files as patches leave them, one patch after another. Errors: throws when a place is not there exactly once: then the guard is another one by now. */
export function patched(before: ReadonlyMap<string, string>, patches: readonly Patch[]): Map<string, string> {
  const now = new Map(before);
  for (const { file, find, replace } of patches) {
    const text = now.get(file) ?? '';
    if (text.split(find).length !== 2) throw new Error(`${file} does not hold exactly once: ${find}`);
    now.set(file, text.replace(find, () => replace));
  }
  return now;
}

/** A copy of the sources in which single places were changed. What it runs is this copy and nothing else: also its threads and its other processes. */
export class PatchedTree {
  private constructor(readonly root: string) {}

  static make(): PatchedTree {
    const tree = new PatchedTree(mkdtempSync(join(tmpdir(), 'mailwarden-patched-')));
    chmodSync(tree.root, MAY_ENTER);
    for (const part of COPIED) cpSync(join(ROOT, part), join(tree.root, part), { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
    tree.#link();
    return tree;
  }

  /** Changes places for the time of `use`. Errors: as `patched`. */
  async with<T>(patches: readonly Patch[], use: () => Promise<T>): Promise<T> {
    const before = new Map(patches.map(({ file }) => [file, readFileSync(join(this.root, file), 'utf8')]));
    const now = patched(before, patches);
    try {
      for (const [file, text] of now) writeFileSync(join(this.root, file), text);
      return await use();
    } finally {
      for (const [file, text] of before) writeFileSync(join(this.root, file), text);
    }
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }

  /** Packages of others are those of the project; its own are the copies. */
  #link(): void {
    const [from, to] = [join(ROOT, 'node_modules'), join(this.root, 'node_modules')];
    mkdirSync(join(to, '@mailwarden'), { recursive: true });
    for (const name of readdirSync(from)) if (name !== '@mailwarden' && !name.startsWith('.mailwarden')) symlinkSync(join(from, name), join(to, name));
    for (const name of readdirSync(join(from, '@mailwarden'))) {
      const path = join(from, '@mailwarden', name);
      if (lstatSync(path).isSymbolicLink()) symlinkSync(readlinkSync(path), join(to, '@mailwarden', name));
    }
  }
}
