import { randomUUID } from 'node:crypto';
import { fullRule, MESSAGE_TYPES, SIGNING_CONTEXTS, subjects, type Bounds, type BundleRule, type PolicyBundle, type RotationOrder } from '@mailwarden/contracts';
import { instantOf, signDocument, type Signer } from '@mailwarden/kernel';
import { enqueue } from '@mailwarden/persistence';
import { concernsStore } from '@mailwarden/rotation';
import type { EntityManager } from 'typeorm';
import { attest, raise } from '../raise.js';

export interface Issue {
  readonly server: PolicyBundle['server'];
  readonly rule: BundleRule;
  readonly bundle: Pick<PolicyBundle, 'holds' | 'version'>;
  readonly purpose: NonNullable<RotationOrder['purpose']>;
  readonly bounds: Bounds;
  /** Id of the order that marked what may go. */
  readonly marked: string | null;
  /** No order deletes more than this, by what is recorded. */
  readonly foretold: { readonly items: number; readonly bytes: number };
  readonly expiresAtMs: number;
}

function orderOf({ server, rule, bundle, purpose, bounds, marked, expiresAtMs }: Issue, nowMs: number): RotationOrder {
  const { exclude, overwrite, orphans, pace } = fullRule(rule);
  return {
    schema: 'mailwarden/rotation-order/v1',
    id: randomUUID(),
    server,
    profile: rule.profile,
    store: rule.store,
    policy: { name: rule.policy, version: rule.policyVersion },
    watermarks: rule.watermarks,
    clock: rule.clock,
    keep: rule.keep,
    bounds,
    holds: bundle.holds.filter((hold) => concernsStore(hold, rule.profile, rule.store)),
    purpose,
    exclude,
    overwrite,
    orphans,
    pace,
    marked,
    bundleVersion: bundle.version,
    issuedAt: instantOf(nowMs),
    expiresAt: instantOf(expiresAtMs),
  };
}

/** Signs an order and writes it down with its evidence and its event: all of it leaves when the transaction commits. */
export async function issueOrder(tx: EntityManager, signer: Signer, issue: Issue, nowMs: number): Promise<string> {
  const order = orderOf(issue, nowMs);
  const signed = signDocument(signer, SIGNING_CONTEXTS.order, order);
  await tx.query(
    `INSERT INTO rotation.rotation_order (id, server, profile, store, policy, policy_version, purpose, state, issued_at, expires_at, document, foretold_items, foretold_bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9, $10, $11, $12)`,
    [order.id, order.server, order.profile, order.store, order.policy.name, order.policy.version, issue.purpose, order.issuedAt, order.expiresAt, JSON.stringify(signed), issue.foretold.items, issue.foretold.bytes],
  );
  // Announced before it happens: evidence and event leave with the order itself.
  await attest(tx, { kind: 'order', id: order.id, atMs: nowMs, document: signed, facts: { server: order.server, store: order.store, policy: order.policy.name, purpose: issue.purpose } });
  if (issue.purpose === 'rotate') await raise(tx, 'rotation.ordered', { id: `ordered-${order.id}`, server: order.server, severity: 'info', atMs: nowMs, detail: { order: order.id, store: order.store, policy: order.policy.name, expiresAt: order.expiresAt } });
  await enqueue(tx, { id: `order-${order.id}`, subject: subjects.order(order.server), type: MESSAGE_TYPES.order, data: signed });
  return order.id;
}
