import type { Profile, Store } from '@mailwarden/catalogue';
import { LIMIT_ORIGINS, LIMIT_UNITS, type BundleRule, type LimitKind, type PolicyBundle, type StatedLimit, type StoreObservation } from '@mailwarden/contracts';
import { formatByteCount, formatDuration } from '@mailwarden/kernel';

/** Rules of a bundle that speak of one store. */
export const rulesOf = (bundle: PolicyBundle | null, profile: Pick<Profile, 'id'>, store: Pick<Store, 'id'>): BundleRule[] => bundle?.rules.filter((rule) => rule.profile === profile.id && rule.store === store.id) ?? [];

type Unmarked = Omit<StatedLimit, 'used' | 'unit'>;

function documented(store: Store): Unmarked[] {
  const stated = store.limits.map(({ kind, value, written, source }): Unmarked => ({ kind, value, written, source, origin: 'documented', target: null }));
  return store.duration.kind === 'age' ? [...stated, { kind: 'age', value: store.duration.seconds, written: store.duration.written, source: store.duration.source, origin: 'documented', target: null }] : stated;
}

/** A product's settings file often says a bare number; people get it with its unit. */
function withUnit(kind: LimitKind, value: number, written: string): string {
  if (!/^[\d.]+$/.test(written)) return written;
  return kind === 'bytes' ? formatByteCount(value) : kind === 'age' ? formatDuration(value) : `${written} ${LIMIT_UNITS[kind]}`;
}

const configured = (observed: StoreObservation | undefined): Unmarked[] =>
  observed?.configuredLimits.flatMap(({ kind, limit }): Unmarked[] => {
    if (!limit.known) return [];
    const { value, written } = limit.value;
    return [{ kind, value, written: withUnit(kind, value, written), source: `${limit.source ?? 'the product'} = ${written}`.slice(0, 300), origin: 'configured', target: null }];
  }) ?? [];

const ofPolicy = (rules: readonly BundleRule[]): Unmarked[] => rules.flatMap((rule) => rule.watermarks.map(({ kind, limit, target }): Unmarked => ({ kind, value: limit, target, written: rule.written[kind] ?? String(limit), source: rule.policy, origin: 'policy' })));

/** The limit that counts for a kind: policy, else configured, else documented; of several of one origin the smallest, which is reached first. */
function countingOf(limits: readonly Unmarked[], kind: LimitKind): Unmarked | undefined {
  for (const origin of [...LIMIT_ORIGINS].reverse()) {
    const [smallest] = limits.filter((limit) => limit.kind === kind && limit.origin === origin).sort((a, b) => a.value - b.value);
    if (smallest !== undefined) return smallest;
  }
  return undefined;
}

/** Every limit of a store with where it comes from; those that count are marked. Contradictions of the vendor's own pages stay visible. */
export function statedLimits(store: Store, observed: StoreObservation | undefined, rules: readonly BundleRule[]): StatedLimit[] {
  const all = [...documented(store), ...configured(observed), ...ofPolicy(rules)];
  const counting = new Set(all.map(({ kind }) => countingOf(all, kind)));
  return all.map((limit) => ({ ...limit, unit: LIMIT_UNITS[limit.kind], used: counting.has(limit) }));
}
