import type { Profile } from '@mailwarden/catalogue';
import type { EffectiveConsent } from '@mailwarden/consent';
import type { EgressFlowObservation, EgressObservation, Observation, PolicyBundle } from '@mailwarden/contracts';
import { instantOf, known, unknown } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { egressFindings } from './judge-egress.js';

const SCANNED_MS = 10_000_000;
const MINUTE_MS = 60_000;
const PROFILE = { id: 'klms', flows: [{ id: 'ksn', title: 'Requests to the cloud', requires: ['ksn-statement'], encrypted: true }] } as unknown as Profile;
const flow = (part: Partial<EgressFlowObservation> = {}): EgressFlowObservation => ({ id: 'ksn', effect: 'allowed', because: 'ksn-statement is withdrawn; no policy refuses it', enforced: true, liftedUntil: null, located: true, refusedPackets: 0, destinations: 1, plaintextDestinations: 0, lastAt: instantOf(SCANNED_MS - MINUTE_MS), ...part });
const egress = (part: Partial<EgressObservation> = {}): EgressObservation => ({ filter: 'stands', trouble: null, restored: 0, flows: [flow()], undeclared: [], undeclaredMore: 0, unlocated: 0, overflowPackets: 0, ...part });
const consent = (state: EffectiveConsent['state']): EffectiveConsent[] => [{ agreement: 'ksn-statement', state, because: '', decision: null }];
const bundle = (mode: 'observe' | 'enforce'): PolicyBundle => ({ transmission: { failClosed: false, rules: [{ policy: 'p', profile: 'klms', flow: 'ksn', mode }] } }) as unknown as PolicyBundle;
const found = (seen: EgressObservation, effective = consent('withdrawn')) => egressFindings(PROFILE, { startedAt: instantOf(SCANNED_MS), egress: known(seen) } as unknown as Observation, bundle('enforce'), effective);

describe('what a product sends', () => {
  it('without consent, just now and not refused, is critical', () => {
    expect(found(egress())).toMatchObject([{ code: 'flow-without-consent', severity: 'critical', subject: 'ksn' }]);
  });

  it.each<[string, Partial<EgressFlowObservation>, EffectiveConsent[]]>([
    ['with consent', {}, consent('granted')],
    ['of which nobody decided anything here, as in a scan without a server', {}, []],
    ['and is refused', { effect: 'refused' }, consent('withdrawn')],
    ['longer ago than ten minutes', { lastAt: instantOf(SCANNED_MS - 11 * MINUTE_MS) }, consent('withdrawn')],
    ['to nobody', { destinations: 0, lastAt: null }, consent('withdrawn')],
  ])('%s, is no finding', (_what, part, effective) => {
    expect(found(egress({ flows: [flow(part)] }), effective)).toEqual([]);
  });

  it('in plain text, or where no flow goes, is told by network and port', () => {
    const undeclared = { network: '192.0.2.0/24', protocol: 'tcp', port: 80, packets: 3, bytes: 300, plaintext: true, lastAt: instantOf(SCANNED_MS) };
    expect(found(egress({ flows: [flow({ plaintextDestinations: 1 })], undeclared: [undeclared, { ...undeclared, port: 443, plaintext: false }] }), consent('granted'))).toMatchObject([
      { code: 'flow-plaintext', severity: 'high', subject: 'ksn' },
      { code: 'flow-undeclared', severity: 'high', subject: '192.0.2.0/24 tcp 80' },
      { code: 'flow-undeclared', severity: 'medium', subject: '192.0.2.0/24 tcp 443' },
    ]);
  });

  it('and may be of any flow of which nobody says where it goes, is one finding', () => {
    expect(found(egress({ flows: [flow({ located: false, destinations: 0, lastAt: null })], unlocated: 3 }))).toMatchObject([{ code: 'flow-undeclared', severity: 'low', subject: 'unlocated', message: expect.stringContaining('3 destinations') as string }]);
  });

  it('and could not all be remembered, is told as incomplete', () => {
    expect(found(egress({ flows: [], undeclaredMore: 5, overflowPackets: 7 })).map(({ code, subject }) => [code, subject])).toEqual([['unmeasured', 'destinations'], ['unmeasured', 'egress']]);
  });
});

describe('a policy that would have something refused', () => {
  it.each<[string, Partial<EgressFlowObservation>, string]>([
    ['and cannot', { enforced: false, because: 'nobody says where it goes', destinations: 0 }, 'high'],
    ['and is lifted', { enforced: false, liftedUntil: instantOf(SCANNED_MS + MINUTE_MS), destinations: 0 }, 'medium'],
  ])('%s, is a finding with its reason', (_what, part, severity) => {
    expect(found(egress({ flows: [flow(part)] }))).toMatchObject([{ code: 'flow-not-refused', severity, subject: 'ksn' }]);
  });

  it('is a finding where the filter does not stand, or nobody keeps one', () => {
    expect(found(egress({ filter: 'failed', trouble: 'nftables is not installed' }))).toMatchObject([{ code: 'flow-not-refused', message: expect.stringContaining('nftables is not installed') as string }]);
    for (const seen of [undefined, unknown('the keeper cannot be reached')]) {
      const observation = { startedAt: instantOf(SCANNED_MS), ...(seen === undefined ? {} : { egress: seen }) } as unknown as Observation;
      expect(egressFindings(PROFILE, observation, bundle('enforce'), consent('withdrawn'))).toMatchObject([{ code: 'flow-not-refused', severity: 'high' }]);
      expect(egressFindings(PROFILE, observation, bundle('observe'), consent('withdrawn'))).toEqual([]);
      expect(egressFindings(PROFILE, observation, null, [])).toEqual([]);
    }
  });
});
