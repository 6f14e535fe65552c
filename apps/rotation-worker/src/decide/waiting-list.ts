import type { ApprovalRequest, RolloutProgress, RotationMark, RotationWaiting } from '@mailwarden/contracts';
import { instantOf, type ProfileId, type ServerName, type Sha256 } from '@mailwarden/kernel';
import { rolloutOf, selects, waveWords } from '@mailwarden/policy';
import type { DataSource } from 'typeorm';
import type { PolicyShelf } from '../apply-policy/policy-shelf.js';
import type { RequestRow } from '../ask-approval/requests.js';
import type { MarkRow } from '../mark-first/marks.js';
import type { RolloutRow, Rollouts } from '../roll-out/rollouts.js';

const ROWS_MAX = 500;
const ROLLOUTS_MAX = 200;

async function requests(dataSource: DataSource): Promise<ApprovalRequest[]> {
  const rows = await dataSource.query<(RequestRow & { approved_by: string[] })[]>(
    `SELECT request.*, (SELECT coalesce(array_agg(person ORDER BY at), '{}') FROM rotation.answer WHERE request = request.id AND answer = 'approved') AS approved_by
     FROM rotation.request AS request WHERE state IN ('waiting', 'approved') ORDER BY foretold_bytes DESC, asked_at LIMIT ${ROWS_MAX}`,
  );
  return rows.map((row) => ({
    id: row.id,
    server: row.server as ServerName,
    profile: row.profile as ProfileId,
    store: row.store,
    policy: row.policy,
    foretold: { items: Number(row.foretold_items), bytes: Number(row.foretold_bytes) },
    askedAt: instantOf(row.asked_at.getTime()),
    lapsesAt: instantOf(row.lapses_at.getTime()),
    approvals: row.approvals,
    approvedBy: row.approved_by.slice(0, 5),
    state: row.state === 'approved' ? 'approved' : 'waiting',
  }));
}

async function marks(dataSource: DataSource, nowMs: number): Promise<RotationMark[]> {
  const rows = await dataSource.query<MarkRow[]>(`SELECT * FROM rotation.mark WHERE state <> 'done' ORDER BY due_at LIMIT ${ROWS_MAX}`);
  return rows.map((row) => ({
    order: row.order,
    server: row.server as ServerName,
    profile: row.profile as ProfileId,
    store: row.store,
    policy: row.policy,
    marked: { items: Number(row.items), bytes: Number(row.bytes) },
    markedAt: instantOf(row.marked_at.getTime()),
    dueAt: instantOf(row.due_at.getTime()),
    state: row.state === 'marked' && row.due_at.getTime() <= nowMs ? 'due' : row.state,
  }));
}

interface WaveRow {
  readonly policy: string;
  readonly wave: number;
  readonly done: string;
  readonly failed: string;
}

async function rolloutProgress(dataSource: DataSource, rollouts: Rollouts, shelf: PolicyShelf): Promise<RolloutProgress[]> {
  const rows = await dataSource.query<RolloutRow[]>(`SELECT * FROM rotation.rollout ORDER BY state = 'complete', policy LIMIT ${ROLLOUTS_MAX}`);
  const waves = await dataSource.query<WaveRow[]>(`SELECT reach.policy, reach.wave, count(*) FILTER (WHERE reach.state = 'done') AS done, count(*) FILTER (WHERE reach.state = 'failed') AS failed FROM rotation.reach AS reach JOIN rotation.rollout AS rollout USING (policy, version) GROUP BY reach.policy, reach.wave`);
  return rows.flatMap((row): RolloutProgress[] => {
    const policy = shelf.retention(row.policy);
    if (policy === undefined) return [];
    const sizes = rollouts.waveSizes(policy, (labels) => selects(policy.servers, labels));
    const reached = waves.filter((wave) => wave.policy === row.policy);
    return [
      {
        policy: row.policy,
        version: row.version as Sha256,
        wave: row.wave,
        waves: rolloutOf(policy).waves.map((wave, index) => {
          const found = reached.find((candidate) => candidate.wave === index);
          return { words: waveWords(wave), servers: sizes[index] ?? 0, done: Number(found?.done ?? 0), failed: Number(found?.failed ?? 0) };
        }),
        state: row.state,
        since: instantOf(row.since.getTime()),
        nextAt: row.next_at === null ? null : instantOf(row.next_at.getTime()),
        reason: row.reason,
      },
    ];
  });
}

/** Everything that waits for a person or for time. */
export async function waitingList(dataSource: DataSource, rollouts: Rollouts, shelf: PolicyShelf): Promise<RotationWaiting> {
  return { requests: await requests(dataSource), marks: await marks(dataSource, Date.now()), rollouts: await rolloutProgress(dataSource, rollouts, shelf) };
}
