import { BlockList, isIPv4 } from 'node:net';
import { MAIL_PORTS } from '@mailwarden/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileEgress, type CompiledEgress } from './compiled-egress.js';
import type { EgressEndpoint, EgressFlow, EgressPlan } from './egress-plan.js';
import { changingTransaction, refreshingTransaction, removingTransaction, replacingTransaction } from './transactions.js';

interface Packet {
  readonly uid: number | null;
  readonly address: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp' | 'icmp';
  readonly sport: number;
  readonly dport: number;
  readonly begins: boolean;
  readonly loopback: boolean;
}

type Verdict = 'accept' | 'reject';

const within = (elements: readonly string[], address: string): boolean => {
  const list = new BlockList();
  for (const element of elements) {
    const [base = '', bits] = element.split('/');
    const family = isIPv4(base) ? 'ipv4' : 'ipv6';
    list.addSubnet(base, Number(bits ?? (family === 'ipv4' ? 32 : 128)), family);
  }
  return list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
};
const numberIn = (list: string, value: number): boolean => list.split(',').some((part) => {
  const [first, last = first] = part.trim().split('-');
  return value >= Number(first) && value <= Number(last);
});

/** Reads a rule as nft does, word by word, and knows only the words that there are; so it tells what the text means, and not what its maker meant. Null where the rule does not match or ends without a verdict. */
function verdictOf(rule: string, packet: Packet, compiled: CompiledEgress, seen: ReadonlySet<string>): Verdict | null {
  let rest = rule;
  const key = `${packet.uid} ${packet.address} ${packet.protocol} ${packet.dport}`;
  const family = isIPv4(packet.address) ? 'ip' : 'ip6';
  const set = (name: string): readonly string[] => compiled.fixedSets.find((one) => one.name === name)?.elements ?? [];
  const steps: readonly [RegExp, (match: RegExpExecArray) => boolean][] = [
    [/^oifname "lo"/, () => packet.loopback],
    [/^meta skuid \. (ip6?) daddr \. meta l4proto \. th dport (!= )?@seen[46]/, (m) => m[1] === family && packet.uid !== null && packet.protocol !== 'icmp' && seen.has(key) === (m[2] === undefined)],
    [/^meta skuid (!= )?\{ ([^}]*) \}/, (m) => packet.uid !== null && numberIn(m[2] ?? '', packet.uid) === (m[1] === undefined)],
    [/^(tcp|udp|th) (dport|sport) (!= )?\{ ([^}]*) \}/, (m) => (m[1] === 'th' ? packet.protocol !== 'icmp' : packet.protocol === m[1]) && numberIn(m[4] ?? '', m[2] === 'dport' ? packet.dport : packet.sport) === (m[3] === undefined)],
    [/^(tcp|udp) dport (\d+)/, (m) => packet.protocol === m[1] && packet.dport === Number(m[2])],
    [/^tcp flags & \(syn \| ack\) (==|!=) syn/, (m) => packet.protocol === 'tcp' && packet.begins === (m[1] === '==')],
    [/^meta l4proto (!= )?(?:\{ ([^}]*) \}|(tcp|udp))/, (m) => (m[2] ?? m[3] ?? '').split(', ').includes(packet.protocol) === (m[1] === undefined)],
    [/^(ip6?) daddr @(\w+)/, (m) => m[1] === family && within(set(m[2] ?? ''), packet.address)],
    [/^(ip6?) daddr \{ ([^}]*) \}/, (m) => m[1] === family && within((m[2] ?? '').split(', '), packet.address)],
    [/^counter name "\w+"/, () => true],
    [/^update @seen[46] \{ [^}]* \}/, () => true],
  ];
  for (;;) {
    rest = rest.trimStart();
    if (rest === '') return null;
    if (rest === 'accept') return 'accept';
    if (/^reject with (?:tcp reset|icmpx type admin-prohibited)$/.test(rest)) return 'reject';
    const found = steps.map(([pattern, holds]) => ({ match: pattern.exec(rest), holds })).find(({ match }) => match !== null);
    if (found?.match === undefined || found.match === null) throw new Error(`a rule says what no packet filter was asked to say: ${rest}`);
    if (!found.holds(found.match)) return null;
    rest = rest.slice(found.match[0].length);
  }
}

const isRefused = (compiled: CompiledEgress, packet: Packet, seen: ReadonlySet<string> = new Set()): boolean => compiled.rules.map((rule) => verdictOf(rule, packet, compiled, seen)).find((verdict) => verdict !== null) === 'reject';

const ADDRESSES = ['192.0.2.7', '192.0.2.8', '198.51.100.9', '203.0.113.1', '2001:db8::7', '2001:db8:1::8', '127.0.0.1', '::1'];
const PREFIXES = [...ADDRESSES, '192.0.2.0/24', '198.51.100.0/25', '192.0.0.0/8', '2001:db8::/32', '2001:db8::/16'];
const UIDS = [0, 8, 1_000, 1_001, 4_294_967_294];
const PORTS = [...MAIL_PORTS, 24, 26, 53, 80, 443, 8_443];

const portRange = fc.oneof(
  fc.constantFrom(...PORTS).map((port) => ({ first: port, last: port })),
  fc.tuple(fc.constantFrom(...PORTS), fc.constantFrom(...PORTS)).map(([left, right]) => ({ first: Math.min(left, right), last: Math.max(left, right) })),
  fc.constant({ first: 1, last: 65_535 }),
);
const endpoint = (id: string): fc.Arbitrary<EgressEndpoint> =>
  fc.record({ id: fc.constant(id), addresses: fc.uniqueArray(fc.constantFrom(...PREFIXES), { maxLength: 4 }), protocol: fc.constantFrom('tcp' as const, 'udp' as const, 'any' as const), ports: fc.oneof(fc.constant('any' as const), fc.array(portRange, { minLength: 1, maxLength: 3 })) });
const flow = (id: string, accounts: readonly number[]): fc.Arbitrary<EgressFlow> =>
  fc.record({
    id: fc.constant(id),
    accounts: fc.uniqueArray(fc.constantFrom(...accounts), { minLength: 1 }),
    effect: fc.constantFrom('allowed' as const, 'refused' as const),
    endpoints: fc.oneof(fc.constant('any' as const), fc.tuple(endpoint('a'), endpoint('b')).map((list) => list.slice())),
  });
/** Whatever a careless or hostile maker of plans could ask for. */
const hostilePlan: fc.Arbitrary<EgressPlan> = fc.uniqueArray(fc.constantFrom(...UIDS), { minLength: 1 }).chain((accounts) =>
  fc.record({
    accounts: fc.constant(accounts),
    flows: fc.tuple(flow('one', accounts), flow('two', accounts), flow('three', accounts)).map((list) => list.slice()),
    relays: fc.uniqueArray(fc.constantFrom(...PREFIXES), { maxLength: 2 }),
    resolvers: fc.uniqueArray(fc.constantFrom(...ADDRESSES), { maxLength: 2 }),
  }),
);
const packets: fc.Arbitrary<Packet> = fc.record({
  uid: fc.constantFrom(null, ...UIDS, 7_777),
  address: fc.constantFrom(...ADDRESSES, '203.0.113.200', '2001:db9::1'),
  protocol: fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const, 'icmp' as const),
  sport: fc.constantFrom(...MAIL_PORTS, 40_000),
  dport: fc.constantFrom(...PORTS, 9),
  begins: fc.boolean(),
  loopback: fc.boolean(),
});

/** A plan that asks for what is never done; those are refused as a whole. */
const isForbidden = (plan: EgressPlan): boolean => plan.flows.some(({ effect, endpoints, accounts }) => effect === 'refused' && endpoints === 'any' && accounts.includes(0));

describe('rules of the packet filter', () => {
  it('never touch mail, relays, name servers, the host itself or another account, whatever the plan', () => {
    fc.assert(
      fc.property(hostilePlan, fc.array(packets, { minLength: 5, maxLength: 30 }), (plan, sent) => {
        const compiled = compileEgress(plan);
        expect(compiled.ok).toBe(!isForbidden(plan));
        if (!compiled.ok) return;
        const everything = new Set(sent.map(({ uid, address, protocol, dport }) => `${uid} ${address} ${protocol} ${dport}`));
        for (const packet of sent) {
          if (!isRefused(compiled.value, packet, everything)) continue;
          expect(packet.loopback).toBe(false);
          expect(packet.protocol === 'tcp' && (MAIL_PORTS.includes(packet.dport) || MAIL_PORTS.includes(packet.sport))).toBe(false);
          expect(within(plan.relays, packet.address)).toBe(false);
          expect(packet.dport === 53 && ['tcp', 'udp'].includes(packet.protocol) && within(plan.resolvers, packet.address)).toBe(false);
          expect(plan.flows.some(({ effect, accounts }) => effect === 'refused' && packet.uid !== null && accounts.includes(packet.uid))).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('refuse what the plan refuses and nothing else', () => {
    fc.assert(
      fc.property(hostilePlan, packets, fc.boolean(), (plan, packet, known) => {
        const compiled = compileEgress(plan);
        if (!compiled.ok) return;
        const mail = packet.protocol === 'tcp' && (MAIL_PORTS.includes(packet.dport) || MAIL_PORTS.includes(packet.sport));
        const passes = packet.loopback || mail || within(plan.relays, packet.address) || (packet.dport === 53 && (packet.protocol === 'tcp' || packet.protocol === 'udp') && within(plan.resolvers, packet.address));
        const speaks = ({ addresses, protocol, ports }: EgressEndpoint): boolean =>
          within(addresses, packet.address) &&
          (protocol === 'any' || protocol === packet.protocol) &&
          (ports === 'any' || (packet.protocol !== 'icmp' && ports.some(({ first, last }) => packet.dport >= first && packet.dport <= last)));
        const own = plan.flows.filter(({ accounts }) => packet.uid !== null && accounts.includes(packet.uid));
        const named = (effect: EgressFlow['effect']): boolean => own.some((one) => one.effect === effect && one.endpoints !== 'any' && one.endpoints.some(speaks));
        const outward = packet.protocol !== 'tcp' || packet.begins || known;
        const anywhere = own.some((one) => one.effect === 'refused' && one.endpoints === 'any') && outward;
        const seen = new Set(known ? [`${packet.uid} ${packet.address} ${packet.protocol} ${packet.dport}`] : []);
        expect(isRefused(compiled.value, packet, seen)).toBe(!passes && (named('refused') || (!named('allowed') && anywhere)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('each hold by themselves that mail passes, and stand after all that is let through', () => {
    fc.assert(
      fc.property(hostilePlan, (plan) => {
        const compiled = compileEgress(plan);
        if (!compiled.ok) return;
        const { rules } = compiled.value;
        const refusing = rules.flatMap((rule, index) => (rule.includes('reject') ? [{ rule, index }] : []));
        const others = rules.findIndex((rule) => /^meta skuid != \{ [\d, ]+ \} accept$/.test(rule));
        expect(rules.slice(0, 3)).toEqual(['oifname "lo" accept', 'tcp dport { 25, 465, 587 } accept', 'tcp sport { 25, 465, 587 } accept']);
        for (const { rule, index } of refusing) {
          expect(index).toBeGreaterThan(others);
          expect(rule).toMatch(/^meta skuid \{ \d+(?:, \d+)* \} (?:tcp dport != \{ 25, 465, 587 \} tcp sport != \{ 25, 465, 587 \} |meta l4proto != tcp )/);
        }
        expect(rules.join('\n')).not.toMatch(/\bdrop\b|\bqueue\b|\bct /);
      }),
    );
  });

  it('are given in transactions that name no other table', () => {
    fc.assert(
      fc.property(hostilePlan, (plan) => {
        const compiled = compileEgress(plan);
        if (!compiled.ok) return;
        const timed = [{ set: compiled.value.namedSets[0] ?? 'seen4', element: '192.0.2.7', seconds: 60 }];
        const texts = [replacingTransaction(compiled.value, timed), changingTransaction(compiled.value, { sets: ['old'], counters: ['old'], chains: ['egress', 'old'] }), refreshingTransaction(timed), removingTransaction()];
        for (const line of texts.join('').trimEnd().split('\n')) {
          expect(line).toMatch(/^(?:add|delete|flush) (?:table|chain|set|counter|element|rule) inet mailwarden(?:$| )/);
          expect(line.slice(line.indexOf('inet mailwarden') + 15)).not.toMatch(/\btable\b|\bruleset\b/);
        }
      }),
    );
  });

  it('do the same where two plans say the same, and something else where they differ', () => {
    const plan = (address: string): EgressPlan => ({ accounts: [1_001, 1_000, 1_000], relays: [], resolvers: [], flows: [{ id: 'ksn', accounts: [1_000], effect: 'refused', endpoints: [{ id: 'a', addresses: [address, '192.0.2.9'], protocol: 'tcp', ports: [{ first: 443, last: 443 }] }] }] });
    const digest = (one: EgressPlan): string => {
      const compiled = compileEgress(one);
      if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
      return compiled.value.digest;
    };
    expect(digest(plan('192.0.2.0/28'))).toBe(digest({ ...plan('192.0.2.7/28'), accounts: [1_000, 1_001] }));
    expect(digest(plan('192.0.2.0/28'))).not.toBe(digest(plan('192.0.2.0/27')));
  });
});
