import type { Profile } from '@mailwarden/catalogue';
import type { Attestation, ConsentEntry, EgressReport, KsnState, Observation, PolicyBundle } from '@mailwarden/contracts';
import { err, instantOf, known, ok, unknown, type ServerName } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import type { EgressStanding } from '../follow-egress/egress-follower.js';
import { attest } from './attest.js';

const ENTRY = { scope: { kind: 'organisation' }, revision: 7, publishedAt: instantOf(1), decisions: [{ agreement: 'ksn-statement', action: 'withdraw', decidedAt: instantOf(1), textSha256: null, validUntil: null, region: null }] } as unknown as ConsentEntry;
const PROFILES = [{ id: 'klms', flows: [{ id: 'ksn', requires: ['ksn-statement'] }, { id: 'updates', requires: [] }] }] as unknown as Profile[];
const BUNDLE = { version: 1, transmission: { failClosed: true, rules: [{ policy: 'p', profile: 'klms', flow: 'ksn', mode: 'enforce' }] } } as unknown as PolicyBundle;
const observed = (ksn: KsnState | null): Observation => ({ agreements: [{ id: 'ksn-statement', textSha256: unknown('not read') }], ksn: ksn === null ? unknown('not read') : known(ksn) }) as unknown as Observation;
const report = (part: { effect?: 'allowed' | 'refused'; enforced?: boolean; applied?: EgressReport['applied'] } = {}): EgressReport =>
  ({ applied: part.applied === undefined ? { bundleVersion: 1, revisions: { organisation: 7 } } : part.applied, profiles: { klms: { flows: [{ id: 'ksn', effect: part.effect ?? 'refused', enforced: part.enforced ?? true }, { id: 'updates', effect: 'allowed', enforced: true }] } } }) as unknown as EgressReport;
const attested = (egress: EgressStanding, ksn: KsnState | null = 'extended'): Attestation => attest({ server: 'mx-1' as ServerName, labels: {}, entries: [ENTRY], observations: [observed(ksn)], profiles: PROFILES, bundle: BUNDLE, egress, at: instantOf(2) });
const standing = (given: EgressReport): EgressStanding => ({ installed: true, report: ok(given) });

describe('an attestation', () => {
  it('goes by the settings of the product where no policy enforces anything', () => {
    expect(attested(null)).toMatchObject({ revisions: { organisation: 7 }, compliant: false });
    expect(attested(null, 'off')).toMatchObject({ compliant: true });
    expect(attested(null, null)).toMatchObject({ compliant: null });
    expect(attested(null)).not.toHaveProperty('egress');
  });

  it.each<KsnState | null>(['extended', 'off', null])('is a good one where the packet filter refuses what leads there, whatever the product is set to: %s', (ksn) => {
    expect(attested(standing(report()), ksn)).toMatchObject({ revisions: { organisation: 7 }, compliant: true, egress: { filter: 'stands', refused: [{ profile: 'klms', flow: 'ksn' }], notEnforced: [] } });
  });

  it('has applied no revision that the filter does not stand by', () => {
    expect(attested(standing(report({ applied: { bundleVersion: 1, revisions: { organisation: 6 } } }))).revisions).toEqual({ organisation: 6 });
    expect(attested(standing(report({ applied: null })))).toMatchObject({ revisions: { organisation: 0 }, egress: { filter: 'failed' } });
    expect(attested({ installed: true, report: err('it cannot be reached') })).toMatchObject({ revisions: { organisation: 0 }, compliant: false, egress: { filter: 'failed', notEnforced: [{ flow: 'ksn' }] } });
  });

  it('believes no filter that stands by another bundle, by a newer entry than the agent has, or that says nothing of a flow', () => {
    expect(attested(standing(report({ applied: { bundleVersion: 0, revisions: { organisation: 7 } } })))).toMatchObject({ compliant: false, egress: { filter: 'failed', refused: [], notEnforced: [{ flow: 'ksn' }] } });
    expect(attested(standing(report({ applied: { bundleVersion: 1, revisions: { organisation: 9 } } }))).revisions).toEqual({ organisation: 0 });
    expect(attested(standing({ ...report(), profiles: {} }))).toMatchObject({ compliant: false, egress: { notEnforced: [{ profile: 'klms', flow: 'ksn' }] } });
  });

  it('is no good one where a policy would have something refused, and nothing refuses it', () => {
    expect(attested(standing(report({ effect: 'allowed', enforced: false })), 'off')).toMatchObject({ compliant: false, egress: { notEnforced: [{ profile: 'klms', flow: 'ksn' }] } });
    // Where no keeper was ever installed, decisions reach the server as before; what is missing is a finding.
    expect(attested({ installed: false, report: err('none') }, 'off')).toMatchObject({ revisions: { organisation: 7 }, compliant: false, egress: { filter: 'absent' } });
  });
});
