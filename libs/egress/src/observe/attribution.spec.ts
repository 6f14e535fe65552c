import { describe, expect, it } from 'vitest';
import { checkPlan } from '../plan/checked-plan.js';
import type { EgressEndpoint, EgressFlow } from '../plan/egress-plan.js';
import { NamedAddresses } from '../plan/named-addresses.js';
import { endpointSet } from '../plan/table-names.js';
import { Attributor, isPlaintext } from './attribution.js';
import type { Destination } from './listing.js';

const HTTPS = [{ first: 443, last: 443 }];
const CLOUD: EgressEndpoint = { id: 'cloud', addresses: ['192.0.2.0/28', '2001:db8::/48'], protocol: 'tcp', ports: HTTPS };
const FLOWS: readonly EgressFlow[] = [
  { id: 'ksn', accounts: [1_000], effect: 'refused', endpoints: [CLOUD] },
  { id: 'statistics', accounts: [1_000], effect: 'allowed', endpoints: [{ ...CLOUD, addresses: ['192.0.2.7'] }] },
  { id: 'anywhere', accounts: [1_001], effect: 'allowed', endpoints: 'any' },
];

function attributor(): { of: (destination: Partial<Destination>, nowMs?: number) => unknown; named: NamedAddresses } {
  const plan = checkPlan({ accounts: [1_000, 1_001, 1_002], flows: FLOWS, relays: [], resolvers: [] });
  if (!plan.ok) throw new Error(JSON.stringify(plan.error));
  const named = new NamedAddresses();
  const one = new Attributor(plan.value, named);
  return { named, of: (destination, nowMs = 0) => one.of({ account: 1_000, address: '192.0.2.1', protocol: 'tcp', port: 443, ...destination }, nowMs) };
}

describe('a destination', () => {
  it('belongs to each flow of its account whose endpoint it is', () => {
    const { of } = attributor();
    expect(of({})).toEqual({ kind: 'declared', flows: ['ksn'] });
    expect(of({ address: '192.0.2.7' })).toEqual({ kind: 'declared', flows: ['ksn', 'statistics'] });
    expect(of({ address: '2001:db8:0:0::9' })).toEqual({ kind: 'declared', flows: ['ksn'] });
  });

  it.each<[string, Partial<Destination>]>([
    ['address', { address: '192.0.2.16' }],
    ['port', { port: 80 }],
    ['protocol', { protocol: 'udp' }],
    ['account', { account: 1_002 }],
  ])('with another %s is undeclared', (_, change) => {
    expect(attributor().of(change)).toEqual({ kind: 'undeclared', flows: [] });
  });

  it('of an account with a flow to anywhere is possibly that flow, and no more is said', () => {
    expect(attributor().of({ account: 1_001 })).toEqual({ kind: 'possible', flows: ['anywhere'] });
  });

  it('of a name counts as declared though the name moved on meanwhile', () => {
    const { of, named } = attributor();
    named.add(endpointSet('named', 4, 'ksn', 'cloud'), '203.0.113.5', 60, 0);
    expect(of({ address: '203.0.113.5' }, 3_600_000)).toEqual({ kind: 'declared', flows: ['ksn'] });
    expect(of({ address: '203.0.113.5' }, 90_000_000)).toEqual({ kind: 'undeclared', flows: [] });
  });
});

it('ports on which nothing is encrypted are marked, by protocol', () => {
  expect([isPlaintext('tcp', 80), isPlaintext('tcp', 21), isPlaintext('tcp', 23), isPlaintext('udp', 514)]).toEqual([true, true, true, true]);
  expect([isPlaintext('tcp', 443), isPlaintext('tcp', 389), isPlaintext('udp', 80), isPlaintext('132', 80)]).toEqual([false, false, false, false]);
});
