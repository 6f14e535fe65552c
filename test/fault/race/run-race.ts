import { lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Receipt } from '@mailwarden/contracts';
import { newOrder, PlainStore } from '../plain-store.js';
import type { Did, Ground } from './race-attacker.js';
import { ATTACKER_UID, DEEP, FIFOS, LEAVES, OLD_AT_S, RaceGround } from './race-ground.js';
import { RaceProcess } from './race-process.js';

/** Files of each folder. A plan of so many is carried out while the attackers get at it some hundred times. */
const FILES_PER_FOLDER = 400;
/** The store may be away at the moment of the plan: then there is another order. */
const ORDERS_A_ROUND_MAX = 50;
/** An order of which no account could be given is given again, first under attack and then in peace. */
const TRIES_UNDER_ATTACK = 2;

/** A try is one planned file that the executor went for while the attackers were at work. */
export interface RaceResult {
  readonly tries: number;
  readonly rounds: number;
  readonly deleted: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly acts: Readonly<Record<string, number>>;
  /** Orders that had to be given more than once. */
  readonly interrupted: number;
  /** What must not happen; empty when all is well. */
  readonly wrong: readonly string[];
}

type Tally = Record<string, number>;
const addTo = (tally: Tally, more: Readonly<Record<string, number>>): void => {
  for (const [what, count] of Object.entries(more)) tally[what] = (tally[what] ?? 0) + count;
};

interface Round {
  readonly receipt: Receipt | null;
  /** Why there is none. */
  readonly why: string;
  readonly interrupted: boolean;
  readonly filled: number;
  readonly folders: Did;
  readonly leaves: Did;
}

function missing(wanted: readonly string[], found: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const text of found) left.set(text, (left.get(text) ?? 0) + 1);
  return wanted.filter((text) => {
    const count = left.get(text) ?? 0;
    left.set(text, count - 1);
    return count <= 0;
  });
}

/** What is not as it must be after a round. */
function wrongAfter(ground: RaceGround, before: readonly string[], round: Round): string[] {
  const { receipt, folders, leaves } = round;
  const left = ground.remains();
  const after = ground.fingerprint();
  const spared = round.interrupted ? new Set(leaves.lookalikes) : new Set<string>();
  const lost = missing([...folders.precious, ...leaves.precious].filter((text) => !spared.has(text)), left.texts);
  const unlinked = leaves.linked.filter((name) => lstatSync(join(ground.mine, name)).nlink !== 2);
  const deleted = receipt?.deleted.items ?? 0;
  const overwritten = folders.overwritten + leaves.overwritten;
  const plannedAt = receipt?.planned.oldestAt ?? null;
  return [
    ...missing(before, after).map((fact) => `something outside the store was touched: before it was ${fact}`),
    ...missing(after, before).map((fact) => `something outside the store was touched: now it is ${fact}`),
    ...lost.map((text) => `a file that was not planned is gone: ${text}`),
    ...unlinked.map((name) => `a name of a file with two names is gone: ${name}`),
    ...(left.fifos === FIFOS ? [] : [`${FIFOS - left.fifos} FIFOs are gone`]),
    ...(left.own.length === 0 ? [] : [`${left.own.length} files were left in the executor's own folder`]),
    ...(plannedAt === null || Date.parse(plannedAt) === OLD_AT_S * 1000 ? [] : [`something outside was planned: it is of ${plannedAt}`]),
    ...(left.old + deleted <= round.filled + leaves.lookalikes.length && left.old + deleted + overwritten >= round.filled ? [] : [`of ${round.filled} old files ${left.old} are left, ${deleted} were told as deleted and at most ${overwritten} were overwritten`]),
    ...(receipt !== null ? [] : [`no account was given of an order, not even in peace: ${round.why}`]),
  ];
}

class Race {
  readonly #tally = { tries: 0, rounds: 0, deleted: 0, interrupted: 0, skipped: {} as Tally, acts: {} as Tally };

  constructor(
    private readonly ground: RaceGround,
    private readonly attackers: { readonly folders: RaceProcess<Did>; readonly leaves: RaceProcess<Did>; readonly mounter: RaceProcess<Tally> },
  ) {}

  result = (wrong: readonly string[]): RaceResult => ({ ...this.#tally, wrong });

  get tries(): number {
    return this.#tally.tries;
  }

  /** One store, filled, attacked, rotated and looked at. */
  async round(before: readonly string[]): Promise<string[]> {
    const filled = this.ground.fill();
    const { folders, leaves, mounter } = this.attackers;
    const all = [folders, leaves, mounter];
    await Promise.all(all.map((attacker) => attacker.begin()));
    const order = newOrder();
    let receipt = await this.#underAttack(order);
    const [didFolders, didLeaves] = await Promise.all([folders.halt(), leaves.halt()]);
    const mounts = await mounter.halt(); // Last: what came down elsewhere is found once all is in its place.
    const interrupted = receipt === null;
    let why = '';
    receipt ??= await this.ground.host.rotate(order).catch((cause: unknown) => {
      why = String(cause);
      return null;
    });
    this.#count(receipt, interrupted, [didFolders.acts, didLeaves.acts, mounts]);
    return wrongAfter(this.ground, before, { receipt, why, interrupted, filled, folders: didFolders, leaves: didLeaves });
  }

  /** Null when no account of the order could be given as long as it was attacked. */
  async #underAttack(first: string): Promise<Receipt | null> {
    const watch = (step: string): void => {
      if (step === 'folder') writeFileSync(this.ground.planned, '');
    };
    let order = first;
    for (let orders = 0, tries = 0; orders < ORDERS_A_ROUND_MAX; orders += 1) {
      const receipt = await this.ground.host.rotate(order, { watch }).catch(() => null);
      if (receipt !== null && receipt.planned.items > 0) return receipt;
      if (receipt === null && (tries += 1) >= TRIES_UNDER_ATTACK) return null;
      if (receipt !== null) order = newOrder();
    }
    throw new Error('the store was never there when it was looked for: the attack leaves no room for a try');
  }

  #count(receipt: Receipt | null, interrupted: boolean, acts: readonly Tally[]): void {
    this.#tally.rounds += 1;
    this.#tally.tries += receipt?.planned.items ?? 0;
    this.#tally.deleted += receipt?.deleted.items ?? 0;
    this.#tally.interrupted += interrupted ? 1 : 0;
    for (const { reason, items } of receipt?.skipped ?? []) addTo(this.#tally.skipped, { [reason]: items });
    for (const more of acts) addTo(this.#tally.acts, more);
  }
}

/** Races until there were so many tries, or something went wrong, or the time is over. Needs root, and a mount namespace of its own. */
export async function runRace({ tries, seed, untilMs, place }: { readonly tries: number; readonly seed: number; readonly untilMs: number; readonly place?: string }): Promise<RaceResult> {
  const host = PlainStore.make('race', place);
  const ground = new RaceGround(host, FILES_PER_FOLDER);
  const told: Ground = { store: host.store, outside: ground.outside, mine: ground.mine, planned: ground.planned, deep: DEEP, leaves: LEAVES, files: FILES_PER_FOLDER, oldAtS: OLD_AT_S };
  const start = <T>(program: string, args: readonly string[], uid: number): Promise<RaceProcess<T>> => RaceProcess.start<T>(program, args, uid);
  const [folders, leaves, mounter] = await Promise.all([start<Did>('race-attacker.ts', ['folders', JSON.stringify(told), String(seed)], ATTACKER_UID), start<Did>('race-attacker.ts', ['leaves', JSON.stringify(told), String(seed + 1)], ATTACKER_UID), start<Tally>('race-mounter.ts', [host.root, host.store], 0)]);
  try {
    const race = new Race(ground, { folders, leaves, mounter });
    const before = ground.fingerprint();
    let wrong: string[] = [];
    while (wrong.length === 0 && race.tries < tries && Date.now() < untilMs) wrong = await race.round(before);
    return race.result(wrong);
  } finally {
    await Promise.all([folders.end(), leaves.end(), mounter.end()]);
    host.remove();
  }
}
