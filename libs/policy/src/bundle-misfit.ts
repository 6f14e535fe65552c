import { BUNDLE_HOLDS_MAX, policyBundle, type PolicyBundle } from '@mailwarden/contracts';

/** What to do where a server has more holds than a bundle takes. */
export const TOO_MANY_HOLDS_ADVICE = 'let one hold name every store ("*"), or several messages, in place of many; or release those that are over';

/** Name of the hold that keeps everything where there are more holds than a bundle takes. */
const KEEPS_ALL = 'too-much-for-a-bundle';
/** What a hold's reason takes. Units: characters. */
const REASON_MAX = 500;

/** Why agents and executors would refuse a bundle, in words; null when they take it. One that they refuse leaves them with the one before, without the newest holds. */
export function misfitOf(bundle: PolicyBundle): string | null {
  if (bundle.holds.length > BUNDLE_HOLDS_MAX) return `${bundle.holds.length} holds concern ${bundle.server}, and a bundle takes ${BUNDLE_HOLDS_MAX}`;
  const parsed = policyBundle.safeParse(bundle);
  if (parsed.success) return null;
  const [issue] = parsed.error.issues;
  return `the bundle of ${bundle.server} has another form than servers take: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`.slice(0, 400);
}

/**
 * What a server is given in place of a bundle that it would refuse: no rules, and one hold on everything. What may leave stays as it was meant.
 * Safety: the bundle before knows nothing of the newest holds, and lets the host delete by itself until it runs out.
 */
export const keepingAll = (bundle: PolicyBundle, misfit: string): PolicyBundle => ({ ...bundle, rules: [], holds: [{ id: KEEPS_ALL, profile: null, store: null, from: null, until: null, reason: `Everything is kept and nothing is ordered: ${misfit}; ${TOO_MANY_HOLDS_ADVICE}`.slice(0, REASON_MAX) }] });
