import type { Profile, Store } from '@mailwarden/catalogue';
import { messageDigest, type AccessRule, type BundleRule, type Hold, type Labels, type PolicyBundle, type TransmissionRule, type Watermark } from '@mailwarden/contracts';
import type { Instant, ServerName } from '@mailwarden/kernel';
import type { AccessPolicy, FlowReference, HoldPolicy, Policy, RetentionPolicy, ServerSelector, TelemetryPolicy, TransmissionPolicy } from './policy.js';

/** Scans are this far apart where no policy says otherwise. Units: seconds. */
const SCAN_INTERVAL_SECONDS = 60;

const hasLabels = (labels: Labels, wanted: Readonly<Record<string, string>>): boolean => Object.entries(wanted).every(([key, value]) => labels[key] === value);

/** True when a policy's selector takes the server in: all its labels are equal and no exception matches. */
export function selects(selector: ServerSelector, labels: Labels): boolean {
  return hasLabels(labels, selector.labels) && !selector.except.some((exception) => Object.keys(exception).length > 0 && hasLabels(labels, exception));
}

const names = (references: RetentionPolicy['stores'], profile: Profile, store: Store): boolean => references.some((reference) => (reference.profile === null || reference.profile === profile.id) && reference.store === store.id);

function concerns(policy: RetentionPolicy, profile: Profile, store: Store): boolean {
  return names(policy.stores, profile, store) || policy.categories.some((category) => store.dataCategories?.includes(category) === true);
}

/** Low watermark of each limit, in the limit's own unit. Space that is kept free is a floor: there the mark lies as much above it. */
const targetOf = (policy: RetentionPolicy, kind: Watermark['kind'], value: number): number => (kind === 'free-space' ? Math.min(100, policy.targetPercent === 0 ? 100 : (value * 100) / policy.targetPercent) : Math.floor((value * policy.targetPercent) / 100));
const watermarksOf = (policy: RetentionPolicy): Watermark[] => policy.limits.map(({ kind, value }) => ({ kind, limit: value, target: targetOf(policy, kind, value) }));

type HasReached = (policy: RetentionPolicy) => boolean;

function ruleOf(policy: RetentionPolicy, profile: Profile, store: Store, hasReached: HasReached): BundleRule {
  return {
    policy: policy.name,
    policyVersion: policy.version,
    profile: profile.id,
    store: store.id,
    // A store that the profile keeps from deletion is only ever watched.
    mode: store.rotatable ? policy.mode : 'observe',
    watermarks: watermarksOf(policy),
    clock: store.clock === 'recorded' ? 'recorded' : policy.clock,
    keep: policy.keep,
    bounds: policy.bounds,
    exclude: [...policy.exclude],
    overwrite: policy.overwrite,
    orphans: policy.orphans,
    pace: policy.pace,
    window: policy.window,
    graceSeconds: policy.graceSeconds,
    offline: policy.offline && policy.mode === 'enforce' && store.rotatable && policy.graceSeconds === 0 && hasReached(policy),
    written: Object.fromEntries(policy.limits.map(({ kind, written }) => [kind, written])),
  };
}

/** What one retention policy says of one profile's stores, whatever the server. */
export function rulesFor(policy: RetentionPolicy, profile: Profile, hasReached: HasReached = () => false): BundleRule[] {
  return profile.stores.filter((store) => concerns(policy, profile, store)).map((store) => ruleOf(policy, profile, store, hasReached));
}

/** A hold policy as the holds of these profiles' stores. */
export function holdsOf(policy: HoldPolicy, profiles: readonly Profile[]): Hold[] {
  const hold = { id: policy.name, from: policy.from as Instant | null, until: policy.until as Instant | null, ...(policy.messages.length === 0 ? {} : { messages: policy.messages.map(messageDigest) }), reason: policy.reason };
  if (policy.everyStore) return [{ ...hold, profile: null, store: null }];
  return profiles.flatMap((profile) => profile.stores.filter((store) => names(policy.stores, profile, store)).map((store) => ({ ...hold, profile: profile.id, store: store.id })));
}

const accessOf = (policy: AccessPolicy, profiles: readonly Profile[]): AccessRule[] =>
  profiles.flatMap((profile) => profile.stores.filter((store) => names(policy.stores, profile, store)).map((store) => ({ policy: policy.name, profile: profile.id, store: store.id, accounts: [...policy.accounts], groups: [...policy.groups], mode: policy.mode })));

const isOf = ({ profile, flow }: FlowReference, of: Profile, id: string): boolean => (profile === null || profile === of.id) && flow === id;

/** What a policy says of the flows of these profiles. */
const transmissionOf = (policy: TransmissionPolicy, profiles: readonly Profile[]): TransmissionRule[] =>
  profiles.flatMap((profile) =>
    profile.flows
      .filter(({ id }) => policy.flows.length === 0 || policy.flows.some((reference) => isOf(reference, profile, id)))
      .map(({ id }) => ({
        policy: policy.name,
        profile: profile.id,
        flow: id,
        mode: policy.mode,
        failClosed: policy.failClosed,
        everything: policy.everything,
        endpoints: policy.endpoints.filter(({ flow }) => isOf(flow, profile, id)).map(({ host, ports }) => ({ host, ports: [...ports] })),
        liftedUntil: policy.liftedUntil as Instant | null,
      })),
  );

/** A hold that has an end of its own counts until then. */
export const holdStands = (policy: HoldPolicy, nowMs: number): boolean => policy.expires === null || Date.parse(policy.expires) > nowMs;

/** The smallest that any of the policies says; null where none says. */
function leastOf(policies: readonly TelemetryPolicy[], what: 'scanIntervalSeconds' | 'scanCpuPercent' | 'scanWindowSeconds'): number | null {
  const said = policies.flatMap((policy) => policy[what] ?? []);
  return said.length === 0 ? null : Math.min(...said);
}

/** All policy for one server, its limits resolved to exact numbers. Two policies on one store are two rules; neither knows of the other. */
export function bundleFor(parts: {
  readonly server: ServerName;
  readonly labels: Labels;
  readonly profiles: readonly Profile[];
  readonly policies: readonly Policy[];
  readonly version: number;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
  /** Whether a policy's rollout has come to this server; without it, a policy that goes in waves has not. */
  readonly hasReached?: HasReached;
}): PolicyBundle {
  // Each server can be named by a selector as if its name were a label.
  const chosen = parts.policies.filter((policy) => selects(policy.servers, { ...parts.labels, name: parts.server }));
  const hasReached = parts.hasReached ?? ((policy: RetentionPolicy) => policy.rollout === null);
  const of = <K extends Policy['kind']>(kind: K): Extract<Policy, { kind: K }>[] => chosen.filter((policy): policy is Extract<Policy, { kind: K }> => policy.kind === kind);
  const rules = of('retention').flatMap((policy) => parts.profiles.flatMap((profile) => rulesFor(policy, profile, hasReached)));
  const telemetry = of('telemetry');
  const transmission = of('transmission');
  const cpuPercent = leastOf(telemetry, 'scanCpuPercent');
  const windowSeconds = leastOf(telemetry, 'scanWindowSeconds');
  return {
    schema: 'mailwarden/policy-bundle/v1',
    server: parts.server,
    version: parts.version,
    labels: parts.labels,
    rules,
    holds: of('hold').filter((policy) => holdStands(policy, Date.parse(parts.issuedAt))).flatMap((policy) => holdsOf(policy, parts.profiles)),
    access: of('access').flatMap((policy) => accessOf(policy, parts.profiles)),
    transmission: {
      failClosed: transmission.some(({ failClosed }) => failClosed),
      ...(transmission.length === 0 ? {} : { rules: transmission.flatMap((policy) => transmissionOf(policy, parts.profiles)), relays: [...new Set(transmission.flatMap(({ relays }) => relays))] }),
    },
    scanIntervalSeconds: leastOf(telemetry, 'scanIntervalSeconds') ?? SCAN_INTERVAL_SECONDS,
    ...(cpuPercent === null ? {} : { scanCpuPercent: cpuPercent }),
    ...(windowSeconds === null ? {} : { scanWindowSeconds: windowSeconds }),
    issuedAt: parts.issuedAt,
    expiresAt: parts.expiresAt,
  };
}
