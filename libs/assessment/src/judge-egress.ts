import type { Flow, Profile } from '@mailwarden/catalogue';
import type { EffectiveConsent } from '@mailwarden/consent';
import type { AssessedFinding, EgressFlowObservation, EgressObservation, Observation, PolicyBundle, UndeclaredDestination } from '@mailwarden/contracts';
import { epochMsOf } from '@mailwarden/kernel';

/** What was sent longer ago may have been covered then. Units: milliseconds. */
const JUST_NOW_MS = 600_000;
const SOURCE = 'nftables, table inet mailwarden';

const finding = (part: Omit<AssessedFinding, 'store' | 'source'> & { source?: string }): AssessedFinding => ({ store: null, source: SOURCE, ...part });

const isCovered = ({ requires }: Flow, effective: readonly EffectiveConsent[]): boolean => requires.every((id) => effective.some(({ agreement, state }) => agreement === id && state === 'granted'));

function ofFlow(flow: Flow, seen: EgressFlowObservation, effective: readonly EffectiveConsent[], scannedAtMs: number): AssessedFinding[] {
  const found: AssessedFinding[] = [];
  const subject = flow.id;
  if (!seen.enforced) found.push(finding({ code: 'flow-not-refused', severity: seen.liftedUntil === null ? 'high' : 'medium', subject, message: `policy would have "${flow.title}" refused, and it is not: ${seen.because}`.slice(0, 500), advice: 'name the endpoints of the flow in the policy, or end its lifting' }));
  const sentJustNow = seen.destinations > 0 && seen.lastAt !== null && scannedAtMs - epochMsOf(seen.lastAt) < JUST_NOW_MS;
  if (sentJustNow && seen.effect === 'allowed' && effective.length > 0 && !isCovered(flow, effective)) {
    found.push(finding({ code: 'flow-without-consent', severity: 'critical', subject, message: `"${flow.title}" is sent to ${seen.destinations} destinations, and consent does not cover it: ${seen.because}`.slice(0, 500), advice: 'refuse the flow by a transmission policy, switch it off in the product, or record the decision that covers it' }));
  }
  if (seen.plaintextDestinations > 0 && flow.encrypted !== false) found.push(finding({ code: 'flow-plaintext', severity: 'high', subject, message: `"${flow.title}" goes to ${seen.plaintextDestinations} destinations on ports where nothing is ever encrypted`, advice: 'have the product use TLS, or refuse the flow' }));
  return found;
}

const undeclared = ({ network, protocol, port, packets, plaintext }: UndeclaredDestination): AssessedFinding =>
  finding({
    code: 'flow-undeclared',
    severity: plaintext ? 'high' : 'medium',
    subject: `${network} ${protocol} ${port}`,
    message: `the product sent ${packets} packets to ${network}, ${protocol} port ${port}, which no flow of its profile declares${plaintext ? '; nothing is ever encrypted there' : ''}`,
    advice: 'on the host, nft list table inet mailwarden shows the address; declare the flow, name its endpoint in the policy, or stop it',
  });

function ofFilter(profile: Profile, seen: EgressObservation, effective: readonly EffectiveConsent[], scannedAtMs: number): AssessedFinding[] {
  if (seen.filter === 'failed') return [finding({ code: 'flow-not-refused', severity: 'high', subject: '', message: `the packet filter does not stand: ${seen.trouble ?? 'nobody says why'}`.slice(0, 500), advice: 'mend what it says; what was refused before goes on to be refused' })];
  const more = seen.undeclaredMore === 0 ? [] : [finding({ code: 'unmeasured', severity: 'low', subject: 'destinations', message: `${seen.undeclaredMore} more undeclared destinations are not listed`, advice: 'declare the flows that are listed; the rest follows' })];
  const overflow = seen.overflowPackets === 0 ? [] : [finding({ code: 'unmeasured', severity: 'low', subject: 'egress', message: `${seen.overflowPackets} packets went to destinations that there was no room to remember`, advice: 'find out which product sends to so many places' })];
  const unlocated = seen.unlocated === 0 ? [] : [finding({ code: 'flow-undeclared', severity: 'low', subject: 'unlocated', message: `the product sent to ${seen.unlocated} destinations of which nobody says what goes there: ${seen.flows.filter(({ located }) => !located).map(({ id }) => id).join(', ')} could be it`.slice(0, 500), advice: 'name the endpoints of these flows in a transmission policy; then what goes elsewhere is told apart' })];
  return [...profile.flows.flatMap((flow) => ofFlowById(flow, seen, effective, scannedAtMs)), ...seen.undeclared.map(undeclared), ...unlocated, ...more, ...overflow];
}

const ofFlowById = (flow: Flow, { flows }: EgressObservation, effective: readonly EffectiveConsent[], scannedAtMs: number): AssessedFinding[] => {
  const seen = flows.find(({ id }) => id === flow.id);
  return seen === undefined ? [] : ofFlow(flow, seen, effective, scannedAtMs);
};

/** What products really send, against what they declare and what consent covers; and what policy would have refused, and is not. */
export function egressFindings(profile: Profile, observation: Observation, bundle: PolicyBundle | null, effective: readonly EffectiveConsent[]): AssessedFinding[] {
  const { egress } = observation;
  if (egress?.known === true) return ofFilter(profile, egress.value, effective, epochMsOf(observation.startedAt));
  const policies = new Set((bundle?.transmission.rules ?? []).filter((rule) => rule.mode === 'enforce' && rule.profile === profile.id).map(({ policy }) => policy));
  if (policies.size === 0) return [];
  return [finding({ code: 'flow-not-refused', severity: 'high', subject: '', message: `policy ${[...policies].join(', ')} enforces what may leave this server, and nothing does: ${egress?.reason ?? 'its agent does not tell of a packet filter'}`.slice(0, 500), advice: 'install the keeper of the packet filter on the server', source: 'this scan' })];
}
