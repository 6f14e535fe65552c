import { chownSync, closeSync, futimesSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync, type BigIntStats } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { PlainStore } from '../plain-store.js';

/** The product's account: the store is its own, and so is the folder that the store lies in. No account of a person has this number. */
export const ATTACKER_UID = 61_234;
/** Folders below the store in which each file is old, one in the other, so that each level can be swapped. */
export const DEEP = ['deep', 'deep/a', 'deep/a/b'] as const;
export const LEAVES = 'leaves';
/** Folders over which another process mounts. */
export const MOUNTED = ['mounted/bind', 'mounted/overlay'] as const;
const FIFOS_A_ROUND = 64;
const OLD_TEXT = 'old';
/** What lies outside is older than all that lies in the store, so that a plan that names any of it shows it. Units: seconds since 1970. */
const OUTSIDE_AT_S = 500_000_000;
export const OLD_AT_S = 1_000_000_000;

/** Names of one folder; the same lie outside. */
export const leafName = (place: number): string => `letter-${place}`;

function writeAt(path: string, text: string, atS: number, uid: number): void {
  const fd = openSync(path, 'wx');
  try {
    writeSync(fd, text);
    futimesSync(fd, atS, atS);
  } finally {
    closeSync(fd);
  }
  if (uid !== 0) chownSync(path, uid, uid);
}

function makeFolder(path: string, uid: number): void {
  mkdirSync(path, { recursive: true });
  if (uid !== 0) chownSync(path, uid, uid);
}

/** All that the attackers may not reach, as it lies on the disk: each change of a name, a time, a link or a byte shows. */
function* facts(folder: string, below = ''): Generator<string> {
  const told = (name: string, stat: BigIntStats): string => [name, stat.dev, stat.ino, stat.mode, stat.nlink, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ');
  yield told(below, lstatSync(folder, { bigint: true }));
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* facts(path, `${below}/${entry.name}`);
    else yield told(`${below}/${entry.name}`, lstatSync(path, { bigint: true }));
  }
}

/** Where a race is run: a store that the attackers own, a folder outside that is not theirs, and one of their own. */
export class RaceGround {
  readonly outside: string;
  /** Attackers keep here what they made: nothing of it may ever go. */
  readonly mine: string;
  /** There while a plan is being carried out: only then a file may be made to look as old as a planned one. */
  readonly planned: string;

  constructor(
    readonly host: PlainStore,
    private readonly filesPerFolder: number,
  ) {
    this.outside = join(host.root, 'outside');
    this.mine = join(host.root, 'mine');
    this.planned = join(host.root, 'planned');
    makeFolder(join(host.store, '..'), ATTACKER_UID);
    for (const folder of [...DEEP, LEAVES, ...MOUNTED]) {
      mkdirSync(join(this.outside, folder), { recursive: true });
      for (let place = 0; place < filesPerFolder; place += 1) writeAt(join(this.outside, folder, leafName(place)), 'precious', OUTSIDE_AT_S, 0);
    }
    for (const folder of ['upper', 'work']) mkdirSync(join(host.root, 'overlay', folder), { recursive: true });
  }

  /** Everything outside, and what a mount over the store noted as changed. */
  fingerprint(): readonly string[] {
    return [...facts(this.outside), ...readdirSync(join(this.host.root, 'overlay/upper'), { recursive: true }).map(String)];
  }

  /** A store of old files, and what the attackers need. Returns how many there are. */
  fill(): number {
    const { store } = this.host;
    for (const folder of [store, this.mine, this.planned]) rmSync(folder, { recursive: true, force: true });
    for (const folder of [store, this.mine, join(store, 'mounted')]) makeFolder(folder, ATTACKER_UID);
    for (const folder of [...DEEP, LEAVES, ...MOUNTED]) {
      makeFolder(join(store, folder), ATTACKER_UID);
      for (let place = 0; place < this.filesPerFolder; place += 1) writeAt(join(store, folder, leafName(place)), OLD_TEXT, OLD_AT_S, ATTACKER_UID);
    }
    const fifos = Array.from({ length: FIFOS_A_ROUND }, (_, place) => join(this.mine, `fifo-${place}`));
    execFileSync('/usr/bin/mkfifo', fifos);
    for (const fifo of fifos) chownSync(fifo, ATTACKER_UID, ATTACKER_UID);
    return this.filesPerFolder * (DEEP.length + 1 + MOUNTED.length);
  }

  /** What is left in the store and in the attackers' own folder. Shape: old files, texts of all others, FIFOs, files of ours. */
  remains(): { readonly old: number; readonly texts: readonly string[]; readonly fifos: number; readonly own: readonly string[] } {
    const left = { old: 0, texts: [] as string[], fifos: 0, own: [] as string[] };
    for (const entry of [this.host.store, this.mine].flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))) {
      const path = join(entry.parentPath, entry.name);
      if (path.includes('/.mailwarden-') && !entry.isDirectory()) left.own.push(entry.name);
      if (entry.isFIFO()) left.fifos += 1;
      if (!entry.isFile()) continue;
      const text = readFileSync(path, 'utf8');
      if (text === OLD_TEXT) left.old += 1;
      else left.texts.push(text);
    }
    return left;
  }
}

export const FIFOS = FIFOS_A_ROUND;
