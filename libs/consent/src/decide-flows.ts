import type { ConsentState, FlowEndpoint, TransmissionRule } from '@mailwarden/contracts';
import type { Instant } from '@mailwarden/kernel';
import type { EffectiveConsent } from './effective-consent.js';

/** A flow as a profile describes it. */
export interface DeclaredFlow {
  readonly id: string;
  readonly requires: readonly string[];
  /** Null where the vendor names none. */
  readonly endpoints: readonly FlowEndpoint[] | null;
}

/** What becomes of one flow on one server, and why. */
export interface FlowDecision {
  readonly flow: string;
  readonly effect: 'allowed' | 'refused';
  /** In words, for whoever reads it on the server or in the console. */
  readonly because: string;
  /** False where a policy would have it refused, and cannot: nobody says where it goes. */
  readonly enforced: boolean;
  /** Until when a policy that would refuse it is lifted; null where none is. */
  readonly liftedUntil: Instant | null;
  /** Where it goes, by the profile and all policies, also those that only look; `any` where nobody says. */
  readonly endpoints: 'any' | readonly FlowEndpoint[];
  /** True where a policy refuses it that knows no endpoint of it, and takes everything: then that is refused beside the endpoints that others know. */
  readonly everything: boolean;
}

/** States in which a person said no, or a yes has ended. A flow that fails open is refused in these alone. */
const ENDED: ReadonlySet<ConsentState> = new Set(['declined', 'withdrawn', 'expired', 'region-changed']);

interface Uncovered {
  readonly agreement: string;
  readonly state: ConsentState;
}

function endpointsOf(flow: DeclaredFlow, rules: readonly TransmissionRule[]): 'any' | readonly FlowEndpoint[] {
  const named = [...(flow.endpoints ?? []), ...rules.flatMap(({ endpoints }) => endpoints)];
  return named.length === 0 ? 'any' : named;
}

const uncoveredBy = (flow: DeclaredFlow, effective: readonly EffectiveConsent[]): Uncovered[] =>
  flow.requires.flatMap((agreement) => {
    const state = effective.find((consent) => consent.agreement === agreement)?.state ?? 'undecided';
    return state === 'granted' ? [] : [{ agreement, state }];
  });

function decideFlow(flow: DeclaredFlow, rules: readonly TransmissionRule[], effective: readonly EffectiveConsent[], at: Instant): FlowDecision {
  const endpoints = endpointsOf(flow, rules);
  const uncovered = uncoveredBy(flow, effective);
  const told = (effect: FlowDecision['effect'], enforced: boolean, because: string, liftedUntil: Instant | null = null, everything = false): FlowDecision => ({ flow: flow.id, effect, enforced, because, liftedUntil, endpoints, everything });
  if (uncovered.length === 0) return told('allowed', true, flow.requires.length === 0 ? 'it needs no agreement' : 'every agreement that it needs is granted');
  const words = uncovered.map(({ agreement, state }) => `${agreement} is ${state}`).join(', ');
  const enforcing = rules.filter(({ mode }) => mode === 'enforce');
  const refusing = enforcing.filter(({ failClosed }) => failClosed || uncovered.some(({ state }) => ENDED.has(state)));
  if (enforcing.length === 0) return told('allowed', true, `${words}; no policy refuses it`);
  if (refusing.length === 0) return told('allowed', true, `${words}; policy ${enforcing.map(({ policy }) => policy).join(', ')} refuses only what somebody refused`);
  const standing = refusing.filter(({ liftedUntil }) => liftedUntil === null || liftedUntil <= at);
  const [first] = standing;
  if (first === undefined) {
    const ends = refusing.flatMap((rule) => rule.liftedUntil ?? []).sort();
    return told('allowed', false, `${words}; policy ${refusing.map(({ policy }) => policy).join(', ')} is lifted until ${ends[0] ?? ''}`, ends[0] ?? null);
  }
  const everything = standing.some((rule) => rule.everything && rule.endpoints.length === 0 && (flow.endpoints ?? []).length === 0);
  if (endpoints === 'any' && !everything) return told('allowed', false, `${words}; nobody says where it goes: name endpoints in policy ${first.policy}, or everything: true`);
  return told('refused', true, `${words}; policy ${standing.map(({ policy }) => policy).join(', ')}`, null, everything);
}

/**
 * What becomes of each flow of one profile on one server at an instant: of its agreements' effective consent and of the policies that name it.
 * A flow that any policy refuses is refused. Nothing is refused without a policy that enforces.
 */
export function decideFlows(parts: {
  readonly flows: readonly DeclaredFlow[];
  /** Of this profile. */
  readonly rules: readonly TransmissionRule[];
  readonly effective: readonly EffectiveConsent[];
  readonly at: Instant;
}): FlowDecision[] {
  return parts.flows.map((flow) => decideFlow(flow, parts.rules.filter((rule) => rule.flow === flow.id), parts.effective, parts.at));
}
