import type { Profile, Store } from '@mailwarden/catalogue';
import { fullOrder, fullRule, NO_PACE, type FullRule, type Hold, type Opened, type PolicyBundle, type RotationOrder } from '@mailwarden/contracts';
import { canonicalJson, type ServerName } from '@mailwarden/kernel';
import { concernsStore, windowOpenAt } from '@mailwarden/rotation';
import { refusalOf, type OrderFacts, type OrderTerms } from '@mailwarden/rotation-fs';
import type { Standing } from './known-bundle.js';
import type { OpenTask } from './open-task.js';

/** A clock that runs so far behind the one that signed tells wrong ages. Units: milliseconds. */
const CLOCK_BEHIND_MS_MAX = 60_000;

/** What is to be done, by whose word, and why not. */
export interface Mandate {
  readonly facts: OrderFacts;
  readonly purpose: 'rotate' | 'plan' | 'mark';
  readonly terms: OrderTerms;
  readonly marked: string | null;
  readonly issuedAtMs: number;
  /** Why it does not stand, whatever this host knows; null when it does. */
  readonly refusal: string | null;
}

/** Where and when it would be done. */
export interface Here {
  readonly server: ServerName;
  readonly nowMs: number;
}

/** Holds of both: one that is newer than the order counts, and one that the order brought is never lost. */
const joined = (own: readonly Hold[], bundle: PolicyBundle | undefined, facts: { readonly profile: string; readonly store: string }): Hold[] => [...own, ...(bundle?.holds ?? []).filter((hold) => concernsStore(hold, facts.profile, facts.store))];

const termsOf = (from: Omit<OrderTerms, 'holds'>, holds: Hold[]): OrderTerms => {
  const { watermarks, clock, keep, bounds, exclude, overwrite, orphans, pace } = from;
  return { watermarks, clock, keep, bounds, holds, exclude, overwrite, orphans, pace };
};

function orderRefusal({ payload, isUnderstood }: Opened<RotationOrder>, { server, nowMs }: Here): string | null {
  if (payload.server !== server) return 'the order is for another server';
  if (!isUnderstood) return 'the order says something that this version does not know; bring the executor up to the version of the rotation worker';
  if (Date.parse(payload.expiresAt) <= nowMs) return `the order ran out at ${payload.expiresAt}`;
  return nowMs < Date.parse(payload.issuedAt) - CLOCK_BEHIND_MS_MAX ? 'the clock of this server runs behind that of the rotation worker' : null;
}

export function mandateOfOrder(order: Opened<RotationOrder>, standing: Standing, here: Here): Mandate {
  const full = fullOrder(order.payload);
  return { facts: order.payload, purpose: full.purpose, terms: termsOf(full, joined(full.holds, standing.newest?.payload, full)), marked: full.marked, issuedAtMs: Date.parse(full.issuedAt), refusal: orderRefusal(order, here) };
}

/** Why a rule may not be carried out by the bundle's word alone; null when it may. */
function ruleRefusal(rule: FullRule, { newest, isOutdated }: Standing, { nowMs }: Here): string | null {
  if (newest === null) return 'there is no bundle';
  const { payload, isUnderstood } = newest;
  if (isOutdated) return 'the bundle is older than one that this host knows';
  if (!isUnderstood) return 'the bundle says something that this version does not know; bring the executor up to the version of the rotation worker';
  if (Date.parse(payload.expiresAt) <= nowMs) return `the bundle ran out at ${payload.expiresAt}`;
  if (nowMs < Date.parse(payload.issuedAt) - CLOCK_BEHIND_MS_MAX) return 'the clock of this server runs behind that of the rotation worker';
  if (rule.mode !== 'enforce' || !rule.offline || rule.graceSeconds > 0) return `the policy ${rule.policy} lets nothing be deleted without the control plane`;
  return rule.window === null || windowOpenAt(rule.window, nowMs) ? null : `the policy ${rule.policy} deletes only within its window`;
}

/** For what was begun and is only brought to its end: nothing is asked for, so nothing new can go. */
const ended = (earlier: OrderFacts, holds: Hold[], refusal: string): Mandate => ({ facts: earlier, purpose: 'rotate', terms: { watermarks: [], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: earlier.bounds, holds, exclude: [], overwrite: false, orphans: 'keep', pace: NO_PACE }, marked: null, issuedAtMs: 0, refusal });

/**
 * What one rule of the newest bundle permits while no control plane can be heard; null where the bundle has no such rule and this host never began it.
 * `earlier` is what an earlier run of the same task noted: it is accounted for as it was begun, whatever policy says now.
 */
export function mandateOfRule(wanted: NonNullable<OpenTask['rule']>, standing: Standing, here: Here, earlier: OrderFacts | null): Mandate | null {
  const bundle = standing.newest?.payload;
  const found = bundle?.rules.find(({ policy, profile, store }) => policy === wanted.policy && profile === wanted.profile && store === wanted.store);
  const facts: OrderFacts | null = bundle === undefined || found === undefined ? null : { id: wanted.id, server: here.server, profile: found.profile, store: found.store, bounds: found.bounds, policy: { name: found.policy }, authority: { kind: 'bundle', version: bundle.version } };
  if (earlier !== null && canonicalJson(earlier) !== canonicalJson(facts)) return ended(earlier, joined([], bundle, earlier), 'the policy that permitted it has changed');
  if (bundle === undefined || found === undefined || facts === null) return null;
  const rule = fullRule(found);
  return { facts, purpose: 'rotate', terms: termsOf(rule, joined([], bundle, rule)), marked: null, issuedAtMs: Date.parse(bundle.issuedAt), refusal: ruleRefusal(rule, standing, here) };
}

/** Brings to its end what this host began by the word of a bundle and nobody asks for any more. */
export const mandateOfBegun = (begun: OrderFacts, { newest }: Standing): Mandate => ended(begun, joined([], newest?.payload, begun), 'an earlier run was cut short');

/** Why a store of this host is not deleted from; null when it may be. */
export function placeRefusal(facts: OrderFacts, profile: Profile | undefined, store: Store | undefined): string | null {
  if (profile === undefined) return `the profile ${facts.profile} is not known here`;
  return store === undefined ? `the profile has no store ${facts.store}` : refusalOf(store);
}
