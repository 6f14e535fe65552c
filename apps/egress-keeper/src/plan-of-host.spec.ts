import type { Profile } from '@mailwarden/catalogue';
import { EntryIndex } from '@mailwarden/consent';
import type { ConsentEntry, EgressTask, PolicyBundle, PublishedDecision, TransmissionRule } from '@mailwarden/contracts';
import { instantOf, uuidOf, type ProfileId } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { planOfHost, type HostPlan } from './plan-of-host.js';

const AT = instantOf(1_000_000);
const ID = 'klms' as ProfileId;
const flow = (id: string, requires: readonly string[]) => ({ id, title: id, dataCategories: null, recipient: null, requires, endpoints: null, encrypted: true, enabled: null, source: 'test' });
const profileOf = (service: string): Profile => ({ id: ID, accounts: { service, others: ['absent'], groups: [], source: null }, agreements: [{ id: 'ksn-statement' }], flows: [flow('ksn', ['ksn-statement']), flow('updates', [])] }) as unknown as Profile;
const rule = (id: string, part: Partial<TransmissionRule> = {}): TransmissionRule => ({ policy: 'p', profile: ID, flow: id, mode: 'enforce', failClosed: true, everything: false, endpoints: [], liftedUntil: null, ...part });
const bundleOf = (rules: readonly TransmissionRule[] | undefined): PolicyBundle => ({ server: 'mx-1', labels: {}, issuedAt: instantOf(0), transmission: { failClosed: false, ...(rules === undefined ? {} : { rules, relays: ['192.0.2.25'] }) } }) as unknown as PolicyBundle;
const entriesOf = (...decisions: readonly Partial<PublishedDecision>[]): EntryIndex => new EntryIndex([{ schema: 'mailwarden/consent-entry/v1', scope: { kind: 'organisation' }, revision: 1, publishedAt: instantOf(0), decisions: decisions.map((one, index) => ({ decision: uuidOf('d', String(index)), agreement: 'ksn-statement', textSha256: null, action: 'grant', decidedAt: instantOf(1), validUntil: null, region: null, ...one })) } as ConsentEntry]);
type Given = { liftedUntil?: Parameters<typeof planOfHost>[0]['liftedUntil']; entries?: EntryIndex; service?: string; bundle?: PolicyBundle | null; agreements?: EgressTask['agreements'] };
const planned = (rules: readonly TransmissionRule[] | undefined, part: Given = {}) =>
  planOfHost({ bundle: part.bundle === undefined ? bundleOf(rules) : part.bundle, entries: part.entries ?? entriesOf(), agreements: part.agreements ?? {}, profiles: new Map([[ID, profileOf(part.service ?? 'kluser')]]), facts: { accounts: new Map([['kluser', 998], ['root', 0]]), resolvers: ['192.0.2.53'] }, liftedUntil: part.liftedUntil ?? null, at: AT });

function plan(rules: readonly TransmissionRule[] | undefined, part: Given = {}): HostPlan {
  const host = planned(rules, part);
  if (typeof host === 'string') throw new Error(host);
  return host;
}

describe('the plan of a host', () => {
  it('is none where no policy speaks of transmission, no bundle is known, or the product has no account here, which are told apart', () => {
    expect(planned(undefined)).toBe('nothing-asked');
    expect(planned([rule('ksn')], { bundle: null })).toBe('nothing-asked');
    expect(planned([rule('ksn')], { service: 'nobody-here' })).toBe('no-accounts');
    expect(planned([{ ...rule('ksn'), profile: 'other' as ProfileId }])).toBe('no-accounts');
  });

  it('goes by the agreements of the profile, whichever the agent names', () => {
    const rules = [rule('ksn', { failClosed: false, endpoints: [{ host: '192.0.2.1', ports: [443] }] })];
    const entries = entriesOf({ action: 'withdraw' });
    for (const agreements of [{ [ID]: [] }, {}, { [ID]: [{ id: 'another', textSha256: { known: false as const, reason: '' } }] }]) expect(plan(rules, { entries, agreements }).products[0]?.flows[0]).toMatchObject({ effect: 'refused', enforced: true });
  });

  it.each([
    ['*.cloud.example', [443], 'no address and no name'],
    ['https://cloud.example', [443], 'no address and no name'],
    ['10.0.0.0/4', [443], 'a good part of the Internet'],
    ['cloud.example', [25, 587], 'ports of mail alone'],
  ])('leaves out an endpoint that cannot be refused, says so, and refuses the others: %s', (host, ports, words) => {
    const { products, plan: { flows }, names } = plan([rule('ksn', { endpoints: [{ host, ports: [...ports] }, { host: '192.0.2.1', ports: [443] }] })]);
    expect(products[0]?.flows[0]).toMatchObject({ effect: 'refused', enforced: false, because: expect.stringContaining(words) as string });
    expect(flows[0]?.endpoints).toMatchObject([{ addresses: ['192.0.2.1'] }]);
    expect(names).toEqual([]);
  });

  it('names accounts, flows, relays and name servers, and resolves what is a name', () => {
    const host = plan([rule('ksn', { endpoints: [{ host: 'cloud.example', ports: [443] }, { host: '192.0.2.0/28', ports: [] }] })]);
    expect(host.plan).toMatchObject({ accounts: [998], relays: ['192.0.2.25'], resolvers: ['192.0.2.53'] });
    expect(host.plan.flows).toMatchObject([
      { id: 'klms/ksn', accounts: [998], effect: 'refused', endpoints: [{ addresses: [], ports: [{ first: 443, last: 443 }] }, { addresses: ['192.0.2.0/28'], ports: 'any' }] },
      { id: 'klms/updates', effect: 'allowed', endpoints: 'any' },
    ]);
    const endpoints = host.plan.flows[0]?.endpoints;
    expect(host.names).toEqual([{ flow: 'klms/ksn', endpoint: endpoints === 'any' ? '' : endpoints?.[0]?.id, name: 'cloud.example' }]);
  });

  it('keeps the id of an endpoint whatever stands beside it, and takes one that is named twice for one', () => {
    const cloud = { host: 'cloud.example', ports: [443] };
    const [alone, among] = [plan([rule('ksn', { endpoints: [cloud] })]), plan([rule('ksn', { endpoints: [{ host: 'a.example', ports: [1] }, cloud] }), rule('ksn', { policy: 'q', endpoints: [cloud] })])];
    expect(among.names.find(({ name }) => name === 'cloud.example')?.endpoint).toBe(alone.names[0]?.endpoint);
    expect(among.names).toHaveLength(2);
  });

  it('lets flow what consent covers, by the text that the agent found', () => {
    const rules = [rule('ksn', { endpoints: [{ host: '192.0.2.1', ports: [443] }] })];
    expect(plan(rules, { entries: entriesOf({}) }).products[0]?.flows[0]).toMatchObject({ effect: 'allowed', enforced: true });
    expect(plan(rules, { entries: entriesOf({ decidedAt: instantOf(1) }, { action: 'withdraw', decidedAt: instantOf(2) }) }).products[0]?.flows[0]).toMatchObject({ effect: 'refused' });
  });

  it('judges by the newest entry where the clock of the host is behind it', () => {
    const entries = new EntryIndex([{ schema: 'mailwarden/consent-entry/v1', scope: { kind: 'organisation' }, revision: 2, publishedAt: instantOf(5_000_000), decisions: [{ decision: uuidOf('d', '1'), agreement: 'ksn-statement', textSha256: null, action: 'withdraw', decidedAt: instantOf(4_000_000), validUntil: null, region: null }] }]);
    expect(plan([rule('ksn', { failClosed: false, endpoints: [{ host: '192.0.2.1', ports: [443] }] })], { entries }).products[0]?.flows[0]).toMatchObject({ effect: 'refused' });
  });

  it('refuses everything of a product only under accounts of its own', () => {
    const everything = [rule('ksn', { everything: true })];
    expect(plan(everything).plan.flows[0]).toMatchObject({ id: 'klms/ksn:everything', effect: 'refused', accounts: [998], endpoints: 'any' });
    expect(plan([...everything, rule('ksn', { policy: 'q', mode: 'observe', endpoints: [{ host: '192.0.2.1', ports: [443] }] })]).plan.flows.slice(0, 2)).toMatchObject([{ id: 'klms/ksn', effect: 'refused', endpoints: [{ addresses: ['192.0.2.1'] }] }, { id: 'klms/ksn:everything', effect: 'refused', endpoints: 'any' }]);
    const root = plan(everything, { service: 'root' });
    expect(root.products[0]?.flows[0]).toMatchObject({ effect: 'allowed', enforced: false, because: expect.stringContaining('it sends as root') as string });
    expect(root.plan.flows[0]).toMatchObject({ effect: 'allowed' });
  });
});
