import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededChoice } from '../../integration/seeded-choices.ts';

/**
 * Somebody who is the product's own account and wants the executor to delete what it must not. As fast as it can, until it is told to stop:
 * swaps folders of every level, the store itself and the executor's own folder among them, or gives planned names to something else.
 * Whatever it puts in a file's place says `precious` and is never taken away by itself again: one that is missing was deleted wrongly.
 */
export interface Ground {
  readonly store: string;
  readonly outside: string;
  readonly mine: string;
  readonly planned: string;
  readonly deep: readonly string[];
  readonly leaves: string;
  readonly files: number;
  readonly oldAtS: number;
}
export interface Did {
  readonly acts: Readonly<Record<string, number>>;
  /** Texts of files that must still be there. */
  readonly precious: readonly string[];
  /** Those among them that look as old as what is planned. */
  readonly lookalikes: readonly string[];
  /** Names in the attackers' own folder that share their file with a name in the store. */
  readonly linked: readonly string[];
  /** How many old files may have been overwritten. */
  readonly overwritten: number;
}

const ACTS_A_TURN = 20;
const [role = '', groundText = '{}', seed = '1'] = process.argv.slice(2);
const ground = JSON.parse(groundText) as Ground;
const choose = seededChoice(Number(seed));
const nothing = () => ({ acts: {} as Record<string, number>, precious: [] as string[], lookalikes: [] as string[], linked: [] as string[], overwritten: 0 });
let did = nothing();
let serial = 0;
let unused: number[] = [];
let isOn = false;

/** The executor is quicker now and then: then there was nothing to swap. */
function tried(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}

/** Puts something in a folder's place for a moment, and gives the folder back. */
function swap(path: string, put: () => void, takeAway: () => void): void {
  const aside = join(ground.mine, `aside-${role}`);
  if (!tried(() => renameSync(path, aside))) return;
  if (tried(put)) {
    for (let spins = choose([0, 10, 300]); spins > 0; spins -= 1) existsSync(path);
    tried(takeAway);
  }
  renameSync(aside, path);
}

const keep = (path: string): void => renameSync(path, join(ground.mine, `kept-${role}-${(serial += 1)}`));

function precious(): string {
  const text = `precious ${role} ${(serial += 1)}`;
  did.precious.push(text);
  writeFileSync(join(ground.mine, `next-${role}`), text, { flag: 'wx' });
  return join(ground.mine, `next-${role}`);
}

const twin = join(ground.mine, 'twin');
/** A folder of the attackers' own, with planned names that are precious. */
function makeTwin(): void {
  if (existsSync(twin)) return;
  mkdirSync(twin);
  for (let place = 0; place < ground.files; place += 1) renameSync(precious(), join(twin, `letter-${place}`));
}

const outsideOf = (path: string): string => ground.outside + path.slice(ground.store.length);
const folderActs: Readonly<Record<string, (path: string) => void>> = {
  'a link to outside': (path) => swap(path, () => symlinkSync(outsideOf(path), path), () => unlinkSync(path)),
  'a link to itself': (path) => swap(path, () => symlinkSync(path, path), () => unlinkSync(path)),
  'a link back to the folder': (path) => swap(path, () => symlinkSync(join(ground.mine, `aside-${role}`), path), () => unlinkSync(path)),
  'another folder': (path) => swap(path, () => renameSync(twin, path), () => renameSync(path, twin)),
  'a FIFO': (path) => swap(path, () => renameSync(join(ground.mine, 'fifo-0'), path), () => renameSync(path, join(ground.mine, 'fifo-0'))),
  'a file': (path) => swap(path, () => renameSync(precious(), path), () => keep(path)),
};

/** The executor's own folder gives way to a link: what it does there, it has to do by descriptor. */
function swapOwn(): void {
  const own = readdirSync(ground.store).find((name) => name.startsWith('.mailwarden-'));
  if (own !== undefined) swap(join(ground.store, own), () => symlinkSync(join(ground.outside, 'leaves'), join(ground.store, own)), () => unlinkSync(join(ground.store, own)));
}

function swapFolders(): void {
  if (choose([0, 0, 0, 0, 0, 1]) === 1) {
    note('its own folder');
    return void tried(swapOwn);
  }
  makeTwin();
  const act = choose(Object.keys(folderActs));
  note(`folder: ${act}`);
  folderActs[act]?.(join(ground.store, choose([...ground.deep, ...ground.deep, ''])).replace(/\/$/, ''));
}

/** Gives a planned name to something else; where the name is out of reach for the moment, what was to take it is kept. */
function overLeaf(from: string, leaf: string): void {
  did.overwritten += 1;
  if (!tried(() => renameSync(from, leaf))) keep(from);
}
const scratch = join(ground.mine, `scratch-${role}`);
const leafActs: Readonly<Record<string, (leaf: string, place: number) => void>> = {
  'a young file': (leaf) => overLeaf(precious(), leaf),
  'a file that looks as old': (leaf) => {
    const from = precious();
    if (existsSync(ground.planned)) {
      utimesSync(from, ground.oldAtS, ground.oldAtS);
      did.lookalikes.push(...did.precious.slice(-1));
    }
    overLeaf(from, leaf);
  },
  'a link': (leaf, place) => {
    symlinkSync(join(ground.outside, ground.leaves, `letter-${place}`), scratch);
    overLeaf(scratch, leaf);
  },
  'a FIFO': (leaf) => {
    const fifo = readdirSync(ground.mine).find((name) => /^fifo-[1-9]/.test(name));
    if (fifo !== undefined) overLeaf(join(ground.mine, fifo), leaf);
  },
  'a second name': (leaf, place) => {
    const name = `linked-${serial}-${place}`;
    linkSync(leaf, join(ground.mine, name));
    did.linked.push(name);
  },
  "another file's second name": (leaf) => {
    const from = precious();
    did.precious.push(...did.precious.slice(-1)); // It lies here and there.
    linkSync(from, scratch);
    keep(from);
    overLeaf(scratch, leaf);
  },
  'a folder': (leaf) => {
    mkdirSync(scratch);
    renameSync(precious(), join(scratch, 'letter'));
    tried(() => unlinkSync(leaf));
    overLeaf(scratch, leaf);
  },
};

function shuffled(count: number): number[] {
  const dice = Array.from({ length: 1_000 }, (_, face) => face);
  return Array.from({ length: count }, (_, place) => ({ place, by: choose(dice) })).sort((a, b) => a.by - b.by).map(({ place }) => place);
}

/** Each name is used once a round: what is precious is never overwritten by ourselves. */
function swapLeaves(): void {
  if (unused.length <= ground.files / 2 && !existsSync(ground.planned)) return; // The other half is for the moments between the plan and the deed.
  const place = unused.pop();
  if (place === undefined) return;
  const act = choose(Object.keys(leafActs));
  note(`leaf: ${act}`);
  tried(() => leafActs[act]?.(join(ground.store, ground.leaves, `letter-${place}`), place));
}

function note(act: string): void {
  did.acts[act] = (did.acts[act] ?? 0) + 1;
}

function attack(): void {
  if (!isOn) return;
  for (let act = 0; act < ACTS_A_TURN; act += 1) (role === 'leaves' ? swapLeaves : swapFolders)();
  setImmediate(attack);
}

process.on('message', (order: 'on' | 'off') => {
  isOn = order === 'on';
  if (!isOn) return process.send?.(did);
  did = nothing();
  unused = shuffled(ground.files);
  process.send?.('on');
  return setImmediate(attack);
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
