import type { Decision } from '@mailwarden/contracts';
import { countOf } from '../../format/quantity.js';

export const DECISION_VERBS: Readonly<Record<Decision['action'], string>> = { grant: 'Grant', decline: 'Decline', withdraw: 'Withdraw' };

/** What the button of a decision says: the act, the agreement, and how far it reaches. */
export const decisionButton = (action: Decision['action'], title: string, servers: number): string => `${DECISION_VERBS[action]} ${title} for ${countOf(servers, 'server')}`;

/** What happens once it is recorded. */
export function decisionConsequence(action: Decision['action'], gates: readonly string[], servers: number, silent: number): string {
  const gated = gates.length === 0 ? 'what the agreement gates' : gates.map((gate) => gate.charAt(0).toLowerCase() + gate.slice(1)).join('; ');
  const reach = servers === 0 ? 'No server is in this scope now; the decision counts for those that come into it.' : `${countOf(servers, 'server')} ${servers === 1 ? 'applies' : 'apply'} it as soon as the agent hears of it.`;
  const late = silent === 0 ? '' : ` ${countOf(silent, 'agent')} ${silent === 1 ? 'is' : 'are'} silent and will follow on return.`;
  const effect = action === 'grant' ? `Permits: ${gated}.` : `No longer permitted: ${gated}. Narrower grants made before end as well.`;
  return `${effect} ${reach}${late}`;
}
