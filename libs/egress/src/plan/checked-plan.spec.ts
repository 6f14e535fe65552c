import { describe, expect, it } from 'vitest';
import { checkPlan } from './checked-plan.js';
import { ENDPOINT_ADDRESSES_MAX, type EgressFlow, type EgressPlan } from './egress-plan.js';

const FLOW: EgressFlow = { id: 'ksn', accounts: [1_000], effect: 'refused', endpoints: [{ id: 'cloud', addresses: ['192.0.2.7'], protocol: 'tcp', ports: [{ first: 443, last: 443 }] }] };
const PLAN: EgressPlan = { accounts: [0, 1_000], flows: [FLOW], relays: [], resolvers: [] };
const [ENDPOINT] = FLOW.endpoints === 'any' ? [] : FLOW.endpoints;
const withEndpoint = (change: Partial<NonNullable<typeof ENDPOINT>>): EgressPlan => ({ ...PLAN, flows: [{ ...FLOW, endpoints: [{ id: 'cloud', addresses: ['192.0.2.7'], protocol: 'tcp', ports: 'any', ...change }] }] });

const codes = (plan: EgressPlan): string[] => {
  const checked = checkPlan(plan);
  return checked.ok ? [] : checked.error.map(({ code, where }) => `${code} ${where}`);
};

describe('a plan', () => {
  it('is read, and root is not observed: everything of the host sends under its number', () => {
    const checked = checkPlan(PLAN);
    expect(checked).toMatchObject({ ok: true, value: { accounts: [0, 1_000], observed: [1_000] } });
  });

  it('may name endpoints for root, and not everything', () => {
    expect(codes({ ...PLAN, flows: [{ ...FLOW, accounts: [0] }] })).toEqual([]);
    expect(codes({ ...PLAN, flows: [{ ...FLOW, accounts: [0], endpoints: 'any', effect: 'allowed' }] })).toEqual([]);
    expect(codes({ ...PLAN, flows: [{ ...FLOW, accounts: [1_000, 0], endpoints: 'any' }] })).toEqual(['everything-for-root flows[0]']);
  });

  it.each<[string, EgressPlan, string[]]>([
    ['no account', { ...PLAN, accounts: [], flows: [] }, ['nothing-to-watch accounts']],
    ['accounts that are none', { ...PLAN, accounts: [1_000, -1, 1.5, 4_294_967_295, Number.NaN] }, ['account-invalid accounts[1]', 'account-invalid accounts[2]', 'account-invalid accounts[3]', 'account-invalid accounts[4]']],
    ['an account of nobody', { ...PLAN, flows: [{ ...FLOW, accounts: [1_001] }] }, ['account-unknown flows[0].accounts']],
    ['a flow of nobody', { ...PLAN, flows: [{ ...FLOW, accounts: [] }] }, ['account-unknown flows[0].accounts']],
    ['one id twice', { ...PLAN, flows: [FLOW, FLOW] }, ['id-repeated flows[1].id']],
    ['an id with other words', { ...PLAN, flows: [{ ...FLOW, id: 'x"; flush ruleset #' }] }, ['id-invalid flows[0].id']],
    ['a name in place of an address', withEndpoint({ addresses: ['ksn.example'] }), ['address-invalid flows[0].endpoints[0].addresses[0]']],
    ['the whole Internet', withEndpoint({ addresses: ['0.0.0.0/0', '::/0', '10.0.0.0/7', '2000::/15'] }), [0, 1, 2, 3].map((index) => `prefix-too-wide flows[0].endpoints[0].addresses[${index}]`)],
    ['no port', withEndpoint({ ports: [] }), ['port-invalid flows[0].endpoints[0].ports']],
    ['ports that are none', withEndpoint({ ports: [{ first: 0, last: 1 }, { first: 9, last: 8 }, { first: 1, last: 65_536 }] }), [0, 1, 2].map((index) => `port-invalid flows[0].endpoints[0].ports[${index}]`)],
    ['too many addresses', withEndpoint({ addresses: Array.from({ length: ENDPOINT_ADDRESSES_MAX + 1 }, () => '192.0.2.7') }), ['too-many flows[0].endpoints[0].addresses']],
    ['a relay that is none', { ...PLAN, relays: ['mx.example'] }, ['address-invalid relays[0]']],
  ])('with %s is not carried out, and says where', (_, plan, wanted) => {
    expect(codes(plan)).toEqual(wanted);
  });
});
