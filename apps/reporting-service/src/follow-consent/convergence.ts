import type { EntryIndex } from '@mailwarden/consent';
import type { Attestation, ConsentView, Labels } from '@mailwarden/contracts';
import { epochMsOf, type Instant, type ServerName } from '@mailwarden/kernel';

export type ConvergenceRow = ConsentView['convergence'][number];

/** A server with the newest word of its agent. */
export interface AttestedServer {
  readonly server: ServerName;
  readonly labels: Labels;
  readonly heard: boolean;
  /** When it came into the fleet, or got the labels that it has. */
  readonly since: Instant;
  readonly attestation: Attestation | null;
  /** When the agent first attested the revisions that it attests now. */
  readonly revisionsSince: Instant | null;
}

const compliance = { true: ['converged', 'applied, and nothing leaves that is not covered'], false: ['not-compliant', 'applied, but what is not covered can leave the server'], null: ['unknown', 'applied; whether the server keeps to it cannot be told'] } as const;

/** What the packet filter of the server has to do with it, in words; empty where it has none. */
function filterWords(egress: Attestation['egress']): string {
  if (egress === undefined) return '';
  if (egress.filter !== 'stands') return egress.filter === 'absent' ? '; policy would have flows refused, and the server has no keeper of a packet filter' : '; its packet filter does not stand';
  if (egress.notEnforced.length > 0) return `; policy would have ${egress.notEnforced.map(({ flow }) => flow).join(', ')} refused, and nothing refuses it`;
  return egress.refused.length === 0 ? '' : `; its packet filter refuses ${egress.refused.map(({ flow }) => flow).join(', ')}`;
}

/** How far the standing decisions have reached one server. */
export function convergenceOf(entries: EntryIndex, { server, labels, heard, attestation, revisionsSince }: AttestedServer): ConvergenceRow {
  const bearing = entries.of(server, labels);
  if (attestation === null) return { server, state: heard ? 'unknown' : 'unreachable', attestedAt: null, milliseconds: null, ksn: null, because: 'the agent has not attested yet' };
  const attested = { server, attestedAt: attestation.appliedAt, ksn: attestation.ksn };
  const missing = bearing.filter(({ scope, entry }) => (attestation.revisions[scope] ?? 0) < entry.revision);
  if (missing.length > 0) {
    const because = `waits for ${missing.map(({ scope }) => scope).join(', ')}${filterWords(attestation.egress)}`;
    return { ...attested, state: heard ? 'converging' : 'unreachable', milliseconds: null, because };
  }
  const [state, because] = compliance[`${attestation.compliant}`];
  const publishedMs = Math.max(...bearing.map(({ entry }) => epochMsOf(entry.publishedAt)));
  const milliseconds = bearing.length === 0 || revisionsSince === null ? null : Math.max(0, epochMsOf(revisionsSince) - publishedMs);
  return { ...attested, state, milliseconds, because: `${because}${filterWords(attestation.egress)}` };
}
