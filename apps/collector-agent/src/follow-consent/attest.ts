import type { Profile } from '@mailwarden/catalogue';
import { desiredKsn, effectiveConsent, EntryIndex, isWithin } from '@mailwarden/consent';
import { scopeKey, type Attestation, type ConsentEntry, type KsnState, type Observation, type PolicyBundle } from '@mailwarden/contracts';
import { unknown, type Instant, type Measured, type ProfileId, type ServerName } from '@mailwarden/kernel';
import type { EgressStanding } from '../follow-egress/egress-follower.js';

/** Agreement without which nothing goes to the vendor's reputation network. */
const KSN_AGREEMENT = 'ksn-statement';

/** Within what was decided because the packet filter refuses every flow to the network, whatever the product is set to, or else by its settings. */
function isCompliant(desired: KsnState, actual: Measured<KsnState>, egress: Attestation['egress'], flows: KsnFlows): boolean | null {
  if (egress !== undefined && egress.notEnforced.length > 0) return false;
  const isClosed = egress?.filter === 'stands' && flows.length > 0 && flows.every(({ profile, flow }) => egress.refused.some((one) => one.profile === profile && one.flow === flow));
  if (isClosed) return true;
  return actual.known ? isWithin(actual.value, desired) : null;
}

type KsnFlows = readonly { readonly profile: ProfileId; readonly flow: string }[];

function egressOf(standing: EgressStanding, bundle: PolicyBundle | null): Attestation['egress'] {
  if (standing === null) return undefined;
  const wanted = (bundle?.transmission.rules ?? []).filter(({ mode }) => mode === 'enforce').map(({ profile, flow }) => ({ profile, flow }));
  const { report, installed } = standing;
  // A filter that stands by another bundle is none of this one's.
  if (!report.ok || report.value.applied?.bundleVersion !== bundle?.version) return { filter: report.ok || installed ? 'failed' : 'absent', refused: [], notEnforced: wanted };
  const seen = (profile: ProfileId, flow: string) => report.value.profiles[profile]?.flows.find(({ id }) => id === flow);
  const flows = wanted.filter((one, place) => wanted.findIndex(({ profile, flow }) => profile === one.profile && flow === one.flow) === place);
  return { filter: 'stands', refused: flows.filter(({ profile, flow }) => seen(profile, flow)?.effect === 'refused' && seen(profile, flow)?.enforced === true), notEnforced: flows.filter(({ profile, flow }) => seen(profile, flow)?.enforced !== true) };
}

/** A revision counts as applied when the packet filter stands by the very same, where there is one. A keeper that knows a newer one than the agent is a registry that was set back: then nothing is said to be applied. */
function appliedRevisions(entries: readonly ConsentEntry[], standing: EgressStanding): Record<string, number> {
  const known = Object.fromEntries(entries.map((entry) => [scopeKey(entry.scope), entry.revision]));
  if (standing === null || !standing.installed) return known;
  const stands = standing.report.ok ? (standing.report.value.applied?.revisions ?? {}) : {};
  return Object.fromEntries(Object.entries(known).map(([scope, revision]) => [scope, (stands[scope] ?? 0) > revision ? 0 : Math.min(revision, stands[scope] ?? 0)]));
}

/** The agent's word on what it applied and sees, from the newest consent entries and its newest observations. */
export function attest(parts: {
  server: ServerName;
  labels: Readonly<Record<string, string>>;
  entries: readonly ConsentEntry[];
  observations: readonly Observation[];
  profiles: readonly Profile[];
  bundle: PolicyBundle | null;
  egress: EgressStanding;
  at: Instant;
}): Attestation {
  const seen = parts.observations.find((observation) => observation.agreements.length > 0);
  const agreements = seen?.agreements.map(({ id, textSha256 }) => ({ id, textSha256 })) ?? [];
  const entries = new EntryIndex(parts.entries);
  const effective = effectiveConsent({ entries, server: parts.server, labels: parts.labels, agreements, at: entries.judgedAt(parts.at) });
  const desired = desiredKsn(effective);
  const actual = seen?.ksn ?? unknown('this server was not measured yet');
  const egress = egressOf(parts.egress, parts.bundle);
  const ksnFlows = parts.profiles.flatMap(({ id: profile, flows }) => flows.filter(({ requires }) => requires.includes(KSN_AGREEMENT)).map(({ id }) => ({ profile, flow: id })));
  return {
    schema: 'mailwarden/attestation/v1',
    server: parts.server,
    revisions: appliedRevisions(parts.entries, parts.egress),
    agreements: effective.map(({ agreement, state, because }) => ({ agreement, state, because })),
    ksn: { desired, actual },
    compliant: isCompliant(desired, actual, egress, ksnFlows),
    ...(egress === undefined ? {} : { egress }),
    appliedAt: parts.at,
  };
}
