import type { Heartbeat } from '@mailwarden/contracts';

export type AgentRun = NonNullable<Heartbeat['run']>;
/** Two runs of agents under one name that live at the same time. */
export type Turn = readonly [AgentRun, AgentRun];

interface HeardRun {
  readonly run: AgentRun;
  /** Order in which runs were heard first. */
  readonly place: number;
  /** What its first sign of life said of the time. */
  readonly firstAt: string;
}

/** Runs of one server that are remembered; an agent that is restarted all the time has more, and the oldest go. */
const RUNS_MAX = 8;

/**
 * Knows when two agents speak as one server: one that was heard before another is heard again after it. A restart never is, as the old run ends before the new one begins.
 * A message that came late is no turn either: its time is from before the other run.
 */
export class TakingTurns {
  readonly #runs = new Map<string, readonly HeardRun[]>();

  heard(server: string, { at, run }: Pick<Heartbeat, 'at' | 'run'>): Turn | null {
    if (run === undefined) return null;
    const runs = this.#runs.get(server) ?? [];
    const own = runs.find((candidate) => candidate.run.id === run.id);
    if (own === undefined) {
      this.#runs.set(server, [...runs, { run, place: (runs.at(-1)?.place ?? 0) + 1, firstAt: at }].slice(-RUNS_MAX));
      return null;
    }
    const other = runs.find((candidate) => candidate.place > own.place && at > candidate.firstAt);
    return other === undefined ? null : [own.run, other.run];
  }

  forget(server: string): void {
    this.#runs.delete(server);
  }
}
