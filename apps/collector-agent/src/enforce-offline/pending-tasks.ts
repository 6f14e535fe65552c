import { idOfRuleTask } from '@mailwarden/contracts';
import { retryDelayMs } from '../carry-out-orders/retry-delay.js';
import type { LastKnown } from '../keep-last-known/last-known.js';
import { parseOpenTasks, type OpenTask } from './open-task.js';

/** File of the tasks whose account is not yet in the outbox. */
const KEY = 'offline-task';

/** One task, and how it went until now. Moments are of a clock that does not jump. Units: milliseconds. */
export interface PendingTask {
  readonly task: OpenTask;
  readonly sinceMs: number;
  readonly failures: number;
  readonly dueMs: number;
}

type Place = Pick<OpenTask, 'profile' | 'store' | 'policy'>;
export const placeKey = ({ profile, store, policy }: Place): string => `${profile}/${store} ${policy}`;

/** Tasks that the executor was given and gave no account of: at most one for each rule, on disk until their account is, and each tried again in its own time. */
export class PendingTasks {
  readonly #pending = new Map<string, PendingTask>();

  constructor(
    private readonly lastKnown: LastKnown,
    private readonly now: () => number,
  ) {}

  async restore(): Promise<void> {
    for (const task of parseOpenTasks(await this.lastKnown.read(KEY))) this.#note(task);
  }

  /** Returns when it is on disk: only then it may be begun. */
  async add(task: OpenTask): Promise<void> {
    await this.#keep([...this.#tasks(), task]);
    this.#note(task);
  }

  async drop(task: OpenTask): Promise<void> {
    await this.#keep(this.#tasks().filter(({ id }) => id !== task.id));
    this.#pending.delete(placeKey(task));
  }

  /** It is tried again after a while, longer each time, and never given up for that. */
  failed({ task, sinceMs, failures }: PendingTask): void {
    this.#pending.set(placeKey(task), { task, sinceMs, failures: failures + 1, dueMs: this.now() + retryDelayMs(failures + 1) });
  }

  due(): PendingTask[] {
    return [...this.#pending.values()].filter(({ dueMs }) => dueMs <= this.now());
  }

  /** How long until the next is due; null where none waits. Units: milliseconds. */
  untilDueMs(): number | null {
    return this.#pending.size === 0 ? null : Math.max(0, Math.min(...[...this.#pending.values()].map(({ dueMs }) => dueMs)) - this.now());
  }

  has(place: Place): boolean {
    return this.#pending.has(placeKey(place));
  }

  /** Whether the executor's id is that of one of these, by the name that it was given here or by the one that the executor makes of it. */
  isKnown(server: string, id: string): boolean {
    return this.#tasks().some((task) => task.id === id || idOfRuleTask(server, task.id) === id);
  }

  #tasks(): OpenTask[] {
    return [...this.#pending.values()].map(({ task }) => task);
  }

  #note(task: OpenTask): void {
    this.#pending.set(placeKey(task), { task, sinceMs: this.now(), failures: 0, dueMs: this.now() });
  }

  async #keep(tasks: readonly OpenTask[]): Promise<void> {
    await this.lastKnown.keep(KEY, Buffer.from(JSON.stringify(tasks)));
  }
}
