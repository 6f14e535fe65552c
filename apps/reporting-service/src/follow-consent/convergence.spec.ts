import { EntryIndex } from '@mailwarden/consent';
import type { Attestation, ConsentEntry } from '@mailwarden/contracts';
import { instantOf, known, type ServerName } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { convergenceOf, type AttestedServer } from './convergence.js';

const SERVER = 'mx-1' as ServerName;
const entry = (revision: number, scope: ConsentEntry['scope'] = { kind: 'organisation' }): ConsentEntry => ({ schema: 'mailwarden/consent-entry/v1', scope, revision, decisions: [], publishedAt: instantOf(1_000) });
const attestation = (revisions: Record<string, number>, compliant: boolean | null = true): Attestation => ({
  schema: 'mailwarden/attestation/v1',
  server: SERVER,
  revisions,
  agreements: [],
  ksn: { desired: 'off', actual: known('off' as const) },
  compliant,
  appliedAt: instantOf(9_000),
});
const server = (patch: Partial<AttestedServer> = {}): AttestedServer => ({ server: SERVER, labels: { role: 'mx' }, heard: true, since: instantOf(0), attestation: attestation({ organisation: 2 }), revisionsSince: instantOf(1_250), ...patch });

describe('convergence of one server', () => {
  it.each([
    ['carries the revision', [entry(2)], server(), 'converged', 250],
    ['is one behind', [entry(3)], server(), 'converging', null],
    ['is behind and silent', [entry(3)], server({ heard: false }), 'unreachable', null],
    ['lacks a scope of its own', [entry(2), entry(1, { kind: 'group', label: 'role', value: 'mx' })], server(), 'converging', null],
    ['is not in the other scope', [entry(2), entry(9, { kind: 'group', label: 'role', value: 'relay' })], server(), 'converged', 250],
    ['still sends', [entry(2)], server({ attestation: attestation({ organisation: 2 }, false) }), 'not-compliant', 250],
    ['cannot tell', [entry(2)], server({ attestation: attestation({ organisation: 2 }, null) }), 'unknown', 250],
    ['has not attested', [entry(2)], server({ attestation: null }), 'unknown', null],
    ['has nothing to apply', [], server(), 'converged', null],
  ])('%s', (_name, entries, attested, state, milliseconds) => {
    expect(convergenceOf(new EntryIndex(entries), attested)).toMatchObject({ state, milliseconds });
  });

  it.each<[string, NonNullable<Attestation['egress']>, RegExp]>([
    ['is refused', { filter: 'stands', refused: [{ profile: 'klms', flow: 'ksn' }] as never, notEnforced: [] }, /its packet filter refuses ksn$/],
    ['should be refused, and is not', { filter: 'stands', refused: [], notEnforced: [{ profile: 'klms', flow: 'ksn' }] as never }, /policy would have ksn refused, and nothing refuses it$/],
    ['cannot be refused, for the filter does not stand', { filter: 'failed', refused: [], notEnforced: [] }, /its packet filter does not stand$/],
    ['cannot be refused, for there is no filter', { filter: 'absent', refused: [], notEnforced: [] }, /the server has no keeper of a packet filter$/],
  ])('says what of the flows %s', (_name, egress, words) => {
    expect(convergenceOf(new EntryIndex([entry(2)]), server({ attestation: { ...attestation({ organisation: 2 }), egress } })).because).toMatch(words);
    expect(convergenceOf(new EntryIndex([entry(3)]), server({ attestation: { ...attestation({ organisation: 2 }), egress } })).because).toMatch(words);
  });
});
