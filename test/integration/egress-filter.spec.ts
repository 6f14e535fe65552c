import { PacketFilter, SEEN_DESTINATIONS_MAX, type EgressEndpoint, type EgressFlow, type EgressPlan, type Seen, type SeenDestination, type Standing } from '@mailwarden/egress';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ELSEWHERE, HERE, missingForNetworks, Networks, THERE, type Speaker } from './egress-namespaces.js';

const MISSING = missingForNetworks();
const PRODUCT = 60_011;
const OTHER = 60_012;
const HTTPS = 443;
const ADMIN_PORT = 9_000;
const MAIL = [25, 465, 587];
const FAMILIES = ['v4', 'v6'] as const;
/** A refusal is an answer, not a wait. Units: milliseconds. */
const AT_ONCE_MS = 1_000;
/** What somebody else's change may take to be noticed, of the ten seconds that are promised; the rest is the time between two looks. Units: milliseconds. */
const LOOK_MS_MAX = 5_000;
const MANY = 10_000;
const CHANGES_MS = 240_000;

let networks: Networks;
let product: Speaker;
let other: Speaker;
let far: Speaker;
let filter: PacketFilter;

const CLOUD: EgressEndpoint = { id: 'cloud', addresses: [THERE.v4, THERE.v6], protocol: 'any', ports: [{ first: HTTPS, last: HTTPS }] };
const flow = (effect: EgressFlow['effect'], endpoints: EgressFlow['endpoints'] = [CLOUD]): EgressFlow => ({ id: 'ksn', accounts: [PRODUCT], effect, endpoints });
const plan = (...flows: readonly EgressFlow[]): EgressPlan => ({ accounts: [PRODUCT], flows, relays: [], resolvers: [] });

function value<T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown }): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}
const applied = async (wanted: EgressPlan, by: PacketFilter = filter): Promise<void> => void value(await by.apply(wanted));
const standing = async (by: PacketFilter = filter): Promise<Standing> => value(await by.look());
const seen = async (by: PacketFilter = filter): Promise<Seen> => value(await by.seen());
const toward = ({ destinations }: Seen, address: string, port: number): SeenDestination[] => destinations.filter((one) => one.address === address && one.port === port);
const packetsOf = async (id: string): Promise<number> => (await seen()).flows.find((one) => one.id === id)?.packets ?? -1;

beforeAll(async () => {
  if (MISSING !== null) return;
  networks = await Networks.make();
  [product, other, far] = [await networks.speaker('here', PRODUCT), await networks.speaker('here', OTHER), await networks.speaker('there', 0)];
  for (const port of [HTTPS, 80, 8_443, ...MAIL]) await far.listen('tcp', port);
  for (const port of [HTTPS, 53]) await far.listen('udp', port);
  for (const port of [25, ADMIN_PORT]) await product.listen('tcp', port);
  filter = new PacketFilter({ programs: [networks.program()], now: Date.now });
}, 120_000);
afterAll(() => networks?.end());
afterEach(async () => {
  value(await filter.remove());
  networks.here$('nft flush ruleset');
});

describe.runIf(MISSING === null)(`the packet filter of a real network${MISSING === null ? '' : ` (skipped: ${MISSING})`}`, { timeout: 120_000 }, () => {
  it('lets a flow that is allowed go, and counts it', async () => {
    await applied(plan(flow('allowed')));
    for (const family of FAMILIES) {
      expect(await product.talks(THERE[family], HTTPS)).toBe('answered');
      expect(await product.datagram(THERE[family], HTTPS)).toBe('answered');
    }
    expect(await packetsOf('ksn')).toBeGreaterThan(8);
    expect(await standing()).toEqual({ state: 'stands' });
  });

  it.each(FAMILIES)('refuses a flow at once, ends its open connection, and touches no other account, over %s', async (family) => {
    await applied(plan(flow('allowed')));
    for (const [speaker, name] of [[product, 'open'], [other, 'open']] as const) {
      expect((await speaker.ask({ op: 'open', name, host: THERE[family], port: HTTPS })).outcome).toBe('done');
      expect((await speaker.ask({ op: 'say', name })).outcome).toBe('answered');
    }
    await applied(plan(flow('refused')));
    const ended = await product.ask({ op: 'say', name: 'open' });
    expect(ended.outcome).toMatch(/^(?:ECONNRESET|EPIPE|ECONNREFUSED|closed)$/);
    expect(ended.ms).toBeLessThan(AT_ONCE_MS);
    const refused = await product.ask({ op: 'open', name: 'new', host: THERE[family], port: HTTPS });
    expect(refused.outcome).toBe('ECONNREFUSED');
    expect(refused.ms).toBeLessThan(AT_ONCE_MS);
    expect(await product.datagram(THERE[family], HTTPS)).toMatch(/^(?:EPERM|EACCES|ECONNREFUSED|EHOSTUNREACH)$/);
    expect(await packetsOf('ksn')).toBeGreaterThanOrEqual(3);
    expect((await other.ask({ op: 'say', name: 'open' })).outcome).toBe('answered');
    expect(await other.talks(THERE[family], HTTPS)).toBe('answered');
    expect(await other.datagram(THERE[family], HTTPS)).toBe('answered');
    expect(await product.talks(ELSEWHERE[family], HTTPS)).toBe('answered');
    expect(await product.talks(THERE[family], 80)).toBe('answered');
    await applied(plan(flow('allowed')));
    expect(await product.talks(THERE[family], HTTPS)).toBe('answered');
  });

  it('refuses everything but mail: connections of its own end, and who came to the account is served on', async () => {
    await applied(plan(flow('allowed', 'any')));
    expect((await product.ask({ op: 'open', name: 'own', host: THERE.v4, port: 8_443 })).outcome).toBe('done');
    for (const [name, port] of [['mail', 25], ['admin', ADMIN_PORT]] as const) expect((await far.ask({ op: 'open', name, host: HERE.v4, port })).outcome).toBe('done');
    await applied(plan(flow('refused', 'any')));
    expect((await product.ask({ op: 'say', name: 'own' })).outcome).toMatch(/^(?:ECONNRESET|EPIPE|closed)$/);
    expect((await product.ask({ op: 'open', name: 'new', host: ELSEWHERE.v6, port: 80 })).outcome).toBe('ECONNREFUSED');
    expect(await product.datagram(ELSEWHERE.v6, 53)).not.toBe('answered');
    for (const name of ['mail', 'admin']) expect((await far.ask({ op: 'say', name })).outcome).toBe('answered');
    expect(await far.talks(HERE.v6, ADMIN_PORT)).toBe('answered');
    expect(await far.talks(HERE.v6, 25)).toBe('answered');
    expect(await product.talks('127.0.0.1', ADMIN_PORT)).toBe('answered');
    for (const port of MAIL) expect(await product.talks(THERE.v6, port)).toBe('answered');
  });

  it('lets relays and name servers of the host be reached, whatever is refused, and a permission for an endpoint beat a refusal of everything', async () => {
    await applied({ ...plan(flow('refused', 'any'), { ...flow('allowed', [{ ...CLOUD, addresses: [THERE.v4] }]), id: 'updates' }), relays: [ELSEWHERE.v4], resolvers: [THERE.v6] });
    expect(await product.talks(ELSEWHERE.v4, 8_443)).toBe('answered');
    expect(await product.datagram(THERE.v6, 53)).toBe('answered');
    expect(await product.talks(THERE.v4, HTTPS)).toBe('answered');
    expect((await product.ask({ op: 'open', name: 'x', host: THERE.v6, port: HTTPS })).outcome).toBe('ECONNREFUSED');
    expect((await product.ask({ op: 'open', name: 'x', host: THERE.v4, port: 80 })).outcome).toBe('ECONNREFUSED');
  });

  it('ends connections that were open before it stood, once it was told of them', async () => {
    expect((await product.ask({ op: 'open', name: 'early', host: THERE.v4, port: 8_443 })).outcome).toBe('done');
    await applied(plan(flow('refused', 'any')));
    expect((await product.ask({ op: 'say', name: 'early' })).outcome).toBe('answered');
    value(await filter.remember([{ account: PRODUCT, address: THERE.v4, protocol: 'tcp', port: 8_443 }]));
    expect((await product.ask({ op: 'say', name: 'early' })).outcome).toMatch(/^(?:ECONNRESET|EPIPE|closed)$/);
  });

  it('never stops mail, whatever a careless or hostile plan asks for', async () => {
    const everyPort = { first: 1, last: 65_535 };
    const hostile = fc.array(
      fc.record({
        effect: fc.constantFrom('refused' as const, 'refused' as const, 'allowed' as const),
        endpoints: fc.oneof(
          fc.constant('any' as const),
          fc.record({ addresses: fc.uniqueArray(fc.constantFrom(THERE.v4, THERE.v6, '10.0.0.0/8', '2001::/16', HERE.v4), { minLength: 1 }), protocol: fc.constantFrom('tcp' as const, 'any' as const), ports: fc.constantFrom('any' as const, [everyPort], MAIL.map((port) => ({ first: port, last: port })), [{ first: 20, last: 600 }]) }).map((one) => [{ id: 'all', ...one }]),
        ),
      }),
      { minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (flows) => {
        await applied(plan(...flows.map((one, index) => ({ ...one, id: `f${index}`, accounts: [PRODUCT] }))));
        for (const family of FAMILIES) for (const port of MAIL) expect(await product.talks(THERE[family], port), `${family} ${port}`).toBe('answered');
        expect(await far.talks(HERE.v4, 25)).toBe('answered');
      }),
      { numRuns: 12 },
    );
  }, CHANGES_MS);

  it('remembers a connection of some milliseconds, with its account, and tells what nobody declared and what is not encrypted', async () => {
    await applied(plan(flow('allowed')));
    for (const [host, port] of [[THERE.v4, HTTPS], [ELSEWHERE.v4, 8_443], [THERE.v6, 80]] as const) expect((await product.ask({ op: 'flash', host, port })).outcome).toBe('done');
    expect((await other.ask({ op: 'flash', host: ELSEWHERE.v4, port: 80 })).outcome).toBe('done');
    expect(await product.datagram(ELSEWHERE.v4, 53)).toBe('answered');
    expect(await product.talks(THERE.v4, 25)).toBe('answered');
    const nobody = await product.ask({ op: 'open', name: 'shut', host: ELSEWHERE.v4, port: 4_444 });
    expect(nobody.outcome).toBe('ECONNREFUSED');
    const all = await seen();
    expect(all.destinations.every(({ account, lastAtMs }) => account === PRODUCT && Math.abs(Date.now() - lastAtMs) < 60_000)).toBe(true);
    expect(all.destinations.map(({ address, protocol, port, attribution, plaintext }) => `${address} ${protocol} ${port} ${attribution.kind} ${plaintext}`).sort()).toEqual(
      [`${ELSEWHERE.v4} tcp 4444 undeclared false`, `${ELSEWHERE.v4} tcp 8443 undeclared false`, `${ELSEWHERE.v4} udp 53 undeclared true`, `${THERE.v4} tcp 443 declared false`, `${THERE.v6} tcp 80 undeclared true`].sort(),
    );
    expect(toward(all, THERE.v4, HTTPS)).toMatchObject([{ attribution: { flows: ['ksn'] } }]);
    expect(all.destinations.every(({ packets, bytes }) => packets > 0 && bytes >= packets * 20)).toBe(true);
    expect(all.overflowPackets).toBe(0);
  });

  it('keeps what it remembers and counts when the plan changes, and a later process goes on with it', async () => {
    await applied(plan(flow('allowed')));
    expect(await product.talks(THERE.v4, HTTPS)).toBe('answered');
    value(await filter.addAddresses('ksn', 'cloud', [{ address: ELSEWHERE.v6, seconds: 600 }]));
    const before = await packetsOf('ksn');
    await applied(plan(flow('allowed'), { ...flow('refused', [{ ...CLOUD, addresses: [ELSEWHERE.v4] }]), id: 'statistics' }));
    expect(await packetsOf('ksn')).toBe(before);
    expect((await product.ask({ op: 'open', name: 'x', host: ELSEWHERE.v4, port: HTTPS })).outcome).toBe('ECONNREFUSED');
    const later = new PacketFilter({ programs: [networks.program()], now: Date.now });
    expect(await standing(later)).toEqual({ state: 'not-applied' });
    await applied(plan(flow('refused')), later);
    expect(toward(await seen(later), THERE.v4, HTTPS)).toHaveLength(1);
    expect((await product.ask({ op: 'open', name: 'x', host: ELSEWHERE.v6, port: HTTPS })).outcome).toBe('ECONNREFUSED');
    expect(await product.talks(ELSEWHERE.v4, HTTPS)).toBe('answered');
    expect(networks.here$('nft list table inet mailwarden').match(/^\tcounter /gm)).toHaveLength(3);
  });

  it.each<[string, string, Standing['state']]>([
    ['a flush of everything', 'flush ruleset', 'gone'],
    ['a deletion of the table', 'delete table inet mailwarden', 'gone'],
    ['a flush of the rules', 'flush chain inet mailwarden egress', 'altered'],
    ['a rule that lets all pass', 'insert rule inet mailwarden egress accept', 'altered'],
    ['a policy that stops all', 'chain inet mailwarden egress { policy drop; }', 'altered'],
    ['a flush of addresses', 'SET', 'altered'],
    ['one address more', 'ELEMENT', 'altered'],
    ['one address of a name more', 'NAMED', 'altered'],
    ['a flush of what is remembered', 'flush set inet mailwarden seen4', 'altered'],
    ['a chain beside ours', 'add chain inet mailwarden another { type filter hook output priority -10; policy accept; }', 'altered'],
  ])('notices %s by somebody else, and restores what was applied', async (_, command, state) => {
    networks.here$("nft 'add table inet firewalls; add chain inet firewalls input { type filter hook input priority 0; policy accept; }; add rule inet firewalls input tcp dport 9999 drop'");
    await applied(plan(flow('refused')));
    value(await filter.addAddresses('ksn', 'cloud', [{ address: ELSEWHERE.v4, seconds: 600 }]));
    expect(await product.ask({ op: 'flash', host: THERE.v4, port: 80 })).toMatchObject({ outcome: 'done' });
    expect(toward(await seen(), THERE.v4, 80)).toHaveLength(1);
    expect(await standing()).toEqual({ state: 'stands' });
    const [fixed = '', named = ''] = ['fixed4', 'named4'].map((kind) => new RegExp(`${kind}_\\w+`).exec(networks.here$('nft list table inet mailwarden'))?.[0]);
    const real = { SET: `flush set inet mailwarden ${fixed}`, ELEMENT: `add element inet mailwarden ${fixed} { 192.0.2.1 }`, NAMED: `add element inet mailwarden ${named} { 192.0.2.1 timeout 1h }` }[command] ?? command;
    networks.here$(`nft '${real}'`);
    const beganMs = performance.now();
    expect((await standing()).state).toBe(state);
    expect(performance.now() - beganMs).toBeLessThan(LOOK_MS_MAX);
    const others = networks.here$('nft list tables');
    expect(value(await filter.restore())).toEqual({ state: 'stands' });
    expect(await standing()).toEqual({ state: 'stands' });
    expect((await product.ask({ op: 'open', name: 'x', host: THERE.v4, port: HTTPS })).outcome).toBe('ECONNREFUSED');
    expect((await product.ask({ op: 'open', name: 'x', host: ELSEWHERE.v4, port: HTTPS })).outcome).toBe('ECONNREFUSED');
    expect(toward(await seen(), THERE.v4, 80)).toHaveLength(1);
    expect(await product.talks(THERE.v4, 25)).toBe('answered');
    expect(networks.here$('nft list tables').replace('table inet mailwarden\n', '')).toBe(others.replace('table inet mailwarden\n', ''));
    networks.here$("nft 'add table inet firewalls; delete table inet firewalls'");
  });

  it.each([
    ['took the table away', 'delete table inet mailwarden'],
    ['emptied what it remembers', 'flush set inet mailwarden seen4'],
    ['put a chain beside ours', 'add chain inet mailwarden another { type filter hook output priority -10; policy accept; }'],
  ])('applies a plan though somebody %s meanwhile, and nothing remembered is lost', async (_, command) => {
    await applied(plan(flow('allowed')));
    value(await filter.addAddresses('ksn', 'cloud', [{ address: ELSEWHERE.v4, seconds: 600 }]));
    expect((await product.ask({ op: 'flash', host: THERE.v4, port: 80 })).outcome).toBe('done');
    expect(await standing()).toEqual({ state: 'stands' });
    networks.here$(`nft '${command}'`);
    await applied(plan(flow('refused')));
    expect((await product.ask({ op: 'open', name: 'x', host: ELSEWHERE.v4, port: HTTPS })).outcome).toBe('ECONNREFUSED');
    expect(toward(await seen(), THERE.v4, 80)).toHaveLength(1);
    expect(await standing()).toEqual({ state: 'stands' });
    expect(networks.here$('nft list table inet mailwarden')).not.toContain('another');
  });

  it('notices nothing where nobody did anything, and leaves another table as it stands', async () => {
    networks.here$("nft 'add table ip nat; add chain ip nat out { type nat hook postrouting priority 100; }; add rule ip nat out oifname other masquerade; add table inet mailwarden2'");
    const theirs = (): string => networks.here$('nft -a list table ip nat; nft -a list table inet mailwarden2');
    const before = theirs();
    await applied(plan(flow('refused')));
    expect(await product.talks(THERE.v4, 80)).toBe('answered');
    expect(await standing()).toEqual({ state: 'stands' });
    await applied(plan(flow('allowed')));
    value(await filter.restore());
    expect(await standing()).toEqual({ state: 'stands' });
    value(await filter.remove());
    expect(theirs()).toBe(before);
    expect(networks.here$('nft list tables')).not.toMatch(/^table inet mailwarden$/m);
    expect(await standing()).toEqual({ state: 'not-applied' });
    value(await filter.remove());
    networks.here$('nft delete table ip nat; nft delete table inet mailwarden2');
  });

  it('holds ten thousand addresses of a name beside ten thousand of a plan, and lets them age', async () => {
    const address = (net: number, index: number): string => `10.${net}.${index >> 8}.${index & 255}`;
    const addresses = Array.from({ length: MANY }, (_, index) => address(100, index));
    await applied(plan(flow('refused', [{ ...CLOUD, addresses }])));
    const first = Array.from({ length: MANY }, (_, index) => ({ address: address(101, index), seconds: 60 }));
    expect(value(await filter.addAddresses('ksn', 'cloud', [...first, { address: THERE.v4, seconds: 60 }]))).toEqual({ added: MANY + 1, notAdded: 0 });
    expect(value(await filter.addAddresses('ksn', 'cloud', [{ address: THERE.v4, seconds: 600 }, { address: 'no address', seconds: 1 }, { address: '10.0.0.0/8', seconds: 1 }]))).toEqual({ added: 1, notAdded: 2 });
    expect((await product.ask({ op: 'open', name: 'x', host: THERE.v4, port: HTTPS })).outcome).toBe('ECONNREFUSED');
    const listed = networks.here$('nft list table inet mailwarden');
    expect(listed.match(/ timeout 1m expires /g)).toHaveLength(MANY);
    expect(listed).toMatch(/10\.77\.0\.2 timeout 10m expires/);
    const beganMs = performance.now();
    expect(await standing()).toEqual({ state: 'stands' });
    expect(performance.now() - beganMs).toBeLessThan(LOOK_MS_MAX);
    expect(await filter.addAddresses('ksn', 'nowhere', [{ address: THERE.v4, seconds: 60 }])).toMatchObject({ ok: false, error: { code: 'refused' } });
  }, CHANGES_MS);

  it('tells that more was sent than it can remember', async () => {
    await applied(plan(flow('allowed')));
    value(await filter.remember(Array.from({ length: SEEN_DESTINATIONS_MAX }, (_, index) => ({ account: PRODUCT, address: `10.200.${index >> 8}.${index & 255}`, protocol: 'tcp', port: 1 }))));
    expect((await seen()).overflowPackets).toBe(0);
    expect(await product.talks(THERE.v4, 80)).toBe('answered');
    expect(await product.talks(THERE.v6, 80)).toBe('answered');
    const all = await seen();
    expect(all.overflowPackets).toBe(1);
    expect(toward(all, THERE.v4, 80)).toEqual([]);
    expect(toward(all, '2001:db8:77::2', 80)).toHaveLength(1);
  }, CHANGES_MS);

  it('says that an account without the right has it not, and that nothing was changed', async () => {
    const powerless = new PacketFilter({ programs: [networks.program(OTHER)], now: Date.now });
    expect(await powerless.apply(plan(flow('refused')))).toMatchObject({ ok: false, error: { kind: 'filter', error: { code: 'no-right', message: expect.stringContaining('CAP_NET_ADMIN') as string } } });
    expect(networks.here$('nft list tables')).toBe('');
  });

  it('never plans to refuse all that root sends', async () => {
    expect(await filter.apply({ accounts: [0], flows: [{ ...flow('refused', 'any'), accounts: [0] }], relays: [], resolvers: [] })).toMatchObject({ ok: false, error: { kind: 'plan', problems: [{ code: 'everything-for-root', where: 'flows[0]' }] } });
    expect(networks.here$('nft list tables')).toBe('');
  });
});
