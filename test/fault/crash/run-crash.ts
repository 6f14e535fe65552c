import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { seededChoice, type Choose } from '../../integration/seeded-choices.js';
import type { ScratchDisk } from '../disk/scratch-disk.js';
import { PlainStore, type DatabasePlace } from '../plain-store.js';
import { CrashGround, type CrashSize, type Ground } from './crash-ground.js';
import { LineGround, type LineSize } from './line-ground.js';
import type { CrashTask } from './crash-child.js';
import { WarmChild } from './warm-child.js';

/** A random moment lies between the beginning and a little after the end of an undisturbed run. */
const BEYOND_THE_END = 1.1;
const MOMENTS = 1_000;
const KILLS = [1, 1, 2, 3];

/** What a case has: files or pairs, or lines. */
export type CaseSize = CrashSize | LineSize;

export interface CrashPlan {
  readonly cases: number;
  readonly seed: number;
  readonly untilMs: number;
  /** Null for files alone. */
  readonly database: DatabasePlace | null;
  /** The disk that loses its power; null where only the process is killed. */
  readonly disk: ScratchDisk | null;
  /** Where the journal lies; beside the store when null. */
  readonly journalDir: string | null;
  readonly sizes: readonly CaseSize[];
}

export interface CrashResult {
  readonly cases: number;
  /** Runs that were ended in the middle. */
  readonly cut: number;
  /** Runs that were through before their end came. */
  readonly through: number;
  readonly wrong: readonly string[];
}

async function connected({ port, user, passwordFile }: DatabasePlace): Promise<Client> {
  const client = new Client({ host: '127.0.0.1', port, user, database: 'postgres', password: readFileSync(passwordFile, 'utf8').trim() });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

class Crashes {
  readonly #choose: Choose;
  readonly #usualMs = new Map<CaseSize, number>();
  readonly #moments = Array.from({ length: MOMENTS }, (_, moment) => moment);
  #next = new WarmChild();
  cut = 0;
  through = 0;

  constructor(
    private readonly plan: CrashPlan,
    private readonly host: PlainStore,
    private readonly client: Client | null,
  ) {
    this.#choose = seededChoice(plan.seed);
  }

  /** One order, ended once or more at moments of the seed, and finished. Shape: what is wrong. */
  async case(): Promise<string[]> {
    const size = this.#choose(this.plan.sizes);
    const usualMs = await this.#usual(size);
    const ground = await this.#fill(size);
    for (let kills = this.#choose(KILLS); kills > 0; kills -= 1) {
      const wrong = await this.#endedAt((this.#choose(this.#moments) / MOMENTS) * usualMs * BEYOND_THE_END, ground);
      if (wrong.length > 0) return wrong;
    }
    const { receipt } = await this.#child().finish(this.#task(ground));
    const wrong = [...(await ground.wrongWith(receipt)), ...(this.plan.disk === null ? ground.leftOfOurs() : [])];
    if (wrong.length > 0) return wrong;
    // Once told, it stays so, also when the power goes right after.
    this.#cutPower();
    const { receipt: again } = await this.#child().finish(this.#task(ground));
    return JSON.stringify(again) === JSON.stringify(receipt) ? await ground.wrongWith(again) : ['the same order gave another account'];
  }

  end = (): Promise<void> => this.#next.leave();

  #fill(size: CaseSize): Promise<Ground> {
    const journalDir = this.plan.journalDir ?? this.host.journalDir;
    return 'lines' in size ? Promise.resolve(LineGround.make(this.host, size, journalDir)) : CrashGround.make(this.host, size, this.client, journalDir);
  }
  #task = (ground: Ground): CrashTask => ({ root: this.host.root, order: ground.order, database: this.plan.database, terms: ground.terms });

  /** The next one gets ready while this one is at work. */
  #child(): WarmChild {
    const child = this.#next;
    this.#next = new WarmChild();
    return child;
  }

  async #usual(size: CaseSize): Promise<number> {
    const known = this.#usualMs.get(size);
    if (known !== undefined) return known;
    const { tookMs } = await this.#child().finish(this.#task(await this.#fill(size)));
    this.#usualMs.set(size, tookMs);
    return tookMs;
  }

  async #endedAt(afterMs: number, ground: Ground): Promise<string[]> {
    const cut = await this.#child().runUntil(this.#task(ground), afterMs, () => this.plan.disk?.cutPower());
    this[cut ? 'cut' : 'through'] += 1;
    if (cut) this.plan.disk?.comeBack();
    return ground.wrongBetween();
  }

  #cutPower(): void {
    this.plan.disk?.cutPower();
    this.plan.disk?.comeBack();
  }
}

/** Ends executors at moments of a seed until there were so many cases, or something is wrong, or the time is over. */
export async function runCrash(plan: CrashPlan): Promise<CrashResult> {
  const host = PlainStore.make('crash', plan.disk?.at, plan.database);
  const client = plan.database === null ? null : await connected(plan.database);
  const crashes = new Crashes(plan, host, client);
  let cases = 0;
  let wrong: string[] = [];
  try {
    for (; cases < plan.cases && wrong.length === 0 && Date.now() < plan.untilMs; cases += 1) wrong = await crashes.case();
    return { cases, cut: crashes.cut, through: crashes.through, wrong };
  } finally {
    await crashes.end();
    await client?.end();
    if (plan.disk === null) host.remove(); // A disk goes as a whole, also one without power.
  }
}
