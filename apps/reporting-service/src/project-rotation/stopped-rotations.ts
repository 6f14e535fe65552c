import type { AssessedFinding, Receipt } from '@mailwarden/contracts';
import type { Instant } from '@mailwarden/kernel';
import type { EntityManager } from 'typeorm';
import { lockServer, type FindingBook } from '../keep-findings/finding-book.js';

const ADVICE: Readonly<Partial<Record<Receipt['outcome'], string>>> = {
  stopped: 'nothing was deleted beyond its bounds; look at the plan, then raise the bounds of the policy or bring the store down in steps',
  failed: 'look at the reason on the server; what was done until then is in the receipt',
  refused: 'the executor did not trust the order; check its keys, its clock and its profile',
};

/** What the newest receipt of a store leaves to be done by a person; undefined when it ended well. */
export function findingOfReceipt({ outcome, reason, store, policy }: Receipt): AssessedFinding | undefined {
  const advice = ADVICE[outcome];
  if (advice === undefined) return undefined;
  return { code: 'rotation-stopped', severity: outcome === 'stopped' ? 'medium' : 'high', store, subject: '', message: `the last rotation was ${outcome}: ${reason}`.slice(0, 500), advice, source: `policy ${policy}` };
}

/** Keeps a finding open for each store whose last order did not end well. Exact plans are no such orders: nobody wanted anything deleted. */
export class StoppedRotations {
  constructor(private readonly findings: FindingBook) {}

  async look(tx: EntityManager, server: string, profile: string, now: Instant): Promise<void> {
    if (!(await lockServer(tx, server))) return;
    const newest = await tx.query<{ receipt: Receipt }[]>(
      `SELECT DISTINCT ON (document #>> '{payload,store}') document -> 'payload' AS receipt FROM reporting.rotation_receipt
       WHERE server = $1 AND signature_holds AND document #>> '{payload,profile}' = $2 AND coalesce(document #>> '{payload,purpose}', 'rotate') <> 'plan' ORDER BY document #>> '{payload,store}', document #>> '{payload,finishedAt}' DESC`,
      [server, profile],
    );
    const seen = newest.flatMap(({ receipt }) => findingOfReceipt(receipt) ?? []);
    await this.findings.reconcile(tx, { server, origin: 'rotation', profile }, seen, now);
  }
}
