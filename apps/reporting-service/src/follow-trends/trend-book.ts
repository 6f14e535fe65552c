import { EMPTY_TREND, extended, type Trend } from '@mailwarden/assessment';
import type { Observation } from '@mailwarden/contracts';
import { epochMsOf, type Measured } from '@mailwarden/kernel';
import type { EntityManager } from 'typeorm';

/** By store of one profile on one server. */
export type Trends = Readonly<Record<string, Trend>>;

const READ = `SELECT trends FROM reporting.store_trend WHERE server = $1 AND profile = $2`;
const WRITE = `
  INSERT INTO reporting.store_trend (server, profile, trends) VALUES ($1, $2, $3)
  ON CONFLICT (server, profile) DO UPDATE SET trends = excluded.trends`;

const valueOf = (measured: Measured<number> | undefined): number | null => (measured?.known === true ? measured.value : null);

function extendedBy(observation: Observation, trends: Trends): Trends {
  const atMs = epochMsOf(observation.startedAt);
  // Stores that the profile no longer has are forgotten with this.
  return Object.fromEntries(observation.stores.map(({ id, bytesAllocated, records }) => [id, extended(Object.hasOwn(trends, id) ? (trends[id] ?? EMPTY_TREND) : EMPTY_TREND, { atMs, bytes: valueOf(bytesAllocated), records: valueOf(records) })]));
}

/** Keeps what the stores of each server held over time, in few points. */
export class TrendBook {
  async of(tx: Pick<EntityManager, 'query'>, server: string, profile: string): Promise<Trends> {
    const [row] = await tx.query<{ trends: Trends }[]>(READ, [server, profile]);
    return row?.trends ?? {};
  }

  /** Adds one scan, where it is late enough to be a point of its own, and returns what is kept now. The caller holds the server's lock. */
  async add(tx: Pick<EntityManager, 'query'>, observation: Observation): Promise<Trends> {
    const before = await this.of(tx, observation.server, observation.profile);
    const after = extendedBy(observation, before);
    const changed = observation.stores.some(({ id }) => after[id] !== before[id]);
    if (changed) await tx.query(WRITE, [observation.server, observation.profile, JSON.stringify(after)]);
    return changed ? after : before;
  }
}
