import { CONSENT_STATES, type ConsentState, type TransmissionRule } from '@mailwarden/contracts';
import { instantOf, type ProfileId } from '@mailwarden/kernel';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideFlows, type DeclaredFlow, type FlowDecision } from './decide-flows.js';

const AT = instantOf(1_000_000);
const ENDPOINT = { host: 'cloud.example', ports: [443] };
const FLOW: DeclaredFlow = { id: 'ksn', requires: ['ksn-statement'], endpoints: [ENDPOINT] };
const rule = (part: Partial<TransmissionRule> = {}): TransmissionRule => ({ policy: 'follow-consent', profile: 'klms' as ProfileId, flow: 'ksn', mode: 'enforce', failClosed: true, everything: false, endpoints: [], liftedUntil: null, ...part });
const consent = (state: ConsentState, agreement = 'ksn-statement') => ({ agreement, state, because: 'test', decision: null });
function decide(state: ConsentState, rules: readonly TransmissionRule[], flow: DeclaredFlow = FLOW): FlowDecision {
  const [only] = decideFlows({ flows: [flow], rules, effective: [consent(state)], at: AT });
  if (only === undefined) throw new Error('no decision');
  return only;
}

describe('what becomes of a flow', () => {
  it.each(CONSENT_STATES)('is by consent alone where a policy fails closed: %s', (state) => {
    expect(decide(state, [rule()])).toMatchObject({ effect: state === 'granted' ? 'allowed' : 'refused', enforced: true });
  });

  it.each(CONSENT_STATES)('is refused only where somebody refused, or a yes has ended, where a policy fails open: %s', (state) => {
    expect(decide(state, [rule({ failClosed: false })])).toMatchObject({ effect: ['declined', 'withdrawn', 'expired', 'region-changed'].includes(state) ? 'refused' : 'allowed', enforced: true });
  });

  it('takes an agreement that nobody speaks of for undecided', () => {
    expect(decideFlows({ flows: [FLOW], rules: [rule()], effective: [], at: AT })).toMatchObject([{ effect: 'refused', because: expect.stringContaining('ksn-statement is undecided') as string }]);
  });

  it('needs all agreements of a flow', () => {
    const flow = { ...FLOW, requires: ['ksn-statement', 'supplementary'] };
    const given = (second: ConsentState) => decideFlows({ flows: [flow], rules: [rule()], effective: [consent('granted'), consent(second, 'supplementary')], at: AT })[0]?.effect;
    expect(given('granted')).toBe('allowed');
    expect(given('withdrawn')).toBe('refused');
  });

  it('is refused by any of two policies, each of which stands alone', () => {
    expect(decide('undecided', [rule({ failClosed: false, policy: 'open' }), rule({ policy: 'closed' })])).toMatchObject({ effect: 'refused', because: 'ksn-statement is undecided; policy closed' });
    expect(decide('withdrawn', [rule({ policy: 'watch', mode: 'observe' }), rule({ liftedUntil: instantOf(2_000_000), policy: 'lifted' }), rule({ policy: 'stands' })])).toMatchObject({ effect: 'refused', because: 'ksn-statement is withdrawn; policy stands' });
  });

  it('is allowed while the policy is lifted, says so, and is refused at the very instant at which that ends', () => {
    expect(decide('withdrawn', [rule({ liftedUntil: instantOf(1_000_001) })])).toMatchObject({ effect: 'allowed', enforced: false, because: expect.stringContaining('lifted until') as string });
    expect(decide('withdrawn', [rule({ liftedUntil: AT })])).toMatchObject({ effect: 'refused', enforced: true });
  });

  it('cannot be refused where nobody says where it goes, unless a policy takes everything', () => {
    const flow = { ...FLOW, endpoints: null };
    expect(decide('withdrawn', [rule()], flow)).toMatchObject({ effect: 'allowed', enforced: false, endpoints: 'any' });
    expect(decide('withdrawn', [rule({ everything: true })], flow)).toMatchObject({ effect: 'refused', enforced: true, endpoints: 'any' });
    expect(decide('withdrawn', [rule({ endpoints: [ENDPOINT] })], flow)).toMatchObject({ effect: 'refused', enforced: true, endpoints: [ENDPOINT] });
  });

  it('is refused as widely as the widest of two policies says, whatever the other knows', () => {
    const flow = { ...FLOW, endpoints: null };
    const everything = rule({ everything: true, policy: 'all' });
    for (const mode of ['observe', 'enforce'] as const) {
      expect(decide('withdrawn', [rule({ policy: 'one', mode, endpoints: [ENDPOINT] }), everything], flow)).toMatchObject({ effect: 'refused', endpoints: [ENDPOINT], everything: true });
    }
    expect(decide('withdrawn', [rule({ policy: 'one', endpoints: [ENDPOINT] }), rule({ everything: true, endpoints: [ENDPOINT] })], flow)).toMatchObject({ effect: 'refused', everything: false });
  });

  it('is never refused without a policy that enforces, and never when consent covers it', () => {
    const anyRule = fc.record({ mode: fc.constantFrom('observe' as const, 'enforce' as const), failClosed: fc.boolean(), everything: fc.boolean(), liftedUntil: fc.constantFrom(null, instantOf(1), instantOf(2_000_000)) });
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 4 }), fc.constantFrom(...CONSENT_STATES), fc.boolean(), (parts, state, named) => {
        const rules = parts.map((part, index) => rule({ ...part, policy: `p${index}` }));
        const { effect, endpoints } = decide(state, rules, { ...FLOW, endpoints: named ? [ENDPOINT] : null });
        if (effect === 'allowed') return;
        expect(state).not.toBe('granted');
        expect(rules.some(({ mode, liftedUntil, everything }) => mode === 'enforce' && (liftedUntil === null || liftedUntil <= AT) && (endpoints !== 'any' || everything))).toBe(true);
      }),
    );
  });
});
