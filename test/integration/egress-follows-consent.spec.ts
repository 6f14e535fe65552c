import { readFile } from 'node:fs/promises';
import { subjects, type Answer, type Attestation, type DecideRequest, type RecordedDecision, type ServiceQuery } from '@mailwarden/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlPlane, eventually } from './control-plane.js';
import { missingForNetworks, Networks, THERE, type Speaker } from './egress-namespaces.js';
import { KeeperHost, SERVER } from './keeper-host.js';
import { RealAgent } from './real-agent.js';

const MISSING = missingForNetworks();
const PRODUCT = 60_031;
const HTTPS = 443;
/** Where the same flow goes without encryption: by its port alone nobody could tell. */
const BARE = 8_081;
const PLAIN = 80;
const MAIL = 25;
const ASK_MS = 10_000;
/** What a withdrawal may take until it is enforced and attested, on a machine that does nothing else: a second. Here everything is tried at once. Units: milliseconds. */
const APPLIED_MS_MAX = 30_000;
/** What was sent is asked for every ten seconds, and a scan waits for a busy machine. Units: milliseconds. */
const FOUND_MS_MAX = 90_000;
const AGREEMENTS = ['ksn-statement', 'supplementary-ksn-statement'] as const;
const ENDPOINTS = ['ksn', 'ksn-statistics', 'licence-conditions'].map((flow) => `  - { flow: "*/${flow}", host: "${THERE.v4}", ports: [ ${flow === 'licence-conditions' ? PLAIN : `${HTTPS}, ${BARE}`} ] }`).join('\n');
const POLICY = `schema: mailwarden/policy/v1
kind: transmission
name: follow-consent
reason: Nothing leaves that consent does not cover
flows: [ "*/ksn", "*/ksn-statistics", "*/licence-conditions" ]
mode: enforce
fail-closed: true
endpoints:
${ENDPOINTS}
`;
const OFTEN = `schema: mailwarden/policy/v1
kind: telemetry
name: look-often
reason: A test does not wait a minute
scan-interval: 1 second
`;

let networks: Networks;
let product: Speaker;
let far: Speaker;
let plane: ControlPlane;
let keeper: KeeperHost;
let agent: RealAgent;
let authority: string;

async function ask<T>(query: ServiceQuery, request: unknown): Promise<T> {
  const answer = (await plane.questions.ask(query, request as never, { timeoutMs: ASK_MS })) as Answer<T>;
  if (!answer.ok) throw new Error(answer.detail);
  return answer.value;
}
const decide = (agreement: string, action: DecideRequest['action']): Promise<RecordedDecision> => ask('consent.decide', { agreement, textSha256: null, action, scope: { kind: 'organisation' }, decidedBy: 'op', onBehalfOf: 'Example organisation', means: 'console', reason: 'test', validUntil: null, region: null, decidedAt: null });
const attestations = async (): Promise<Attestation[]> => (await plane.said<{ data: Attestation }>('EVIDENCE', subjects.attestation(SERVER))).map(({ data }) => data);
const attested = (what: string, holds: (attestation: Attestation) => boolean): Promise<Attestation> => eventually(what, async () => (await attestations()).findLast(holds), APPLIED_MS_MAX);
/** As the product sends: over TLS to the network's own port. */
const talks = (port: number): Promise<string> => product.talks(THERE.v4, port, port === HTTPS ? authority : undefined);
const becomes = (outcome: string, port = HTTPS): Promise<true> => eventually(`port ${port}: ${outcome}`, async () => ((await talks(port)) === outcome ? true : undefined), APPLIED_MS_MAX);
const isRefused = ({ egress }: Attestation, flow: string): boolean => egress?.refused.some((one) => one.flow === flow) === true;
const openFindings = async (): Promise<{ code: string; subject: string }[]> => plane.sql(`SELECT code, subject FROM reporting.finding WHERE server = $1 AND state = 'open'`, [SERVER]);
const found = (code: string): Promise<{ code: string; subject: string }> => eventually(`the finding ${code}`, async () => (await openFindings()).find((finding) => finding.code === code), FOUND_MS_MAX);

beforeAll(async () => {
  if (MISSING !== null) return;
  [networks, plane] = await Promise.all([Networks.make(), ControlPlane.start([SERVER])]);
  [product, far] = [await networks.speaker('here', PRODUCT), await networks.speaker('there', 0)];
  const { certificates } = plane.nats.identity;
  const [ca, cert, key] = await Promise.all([certificates.ca, certificates.cert, certificates.key].map((file) => readFile(file, 'utf8')));
  authority = ca ?? '';
  await far.listenWith({ cert: cert ?? '', key: key ?? '' }, HTTPS);
  for (const port of [BARE, PLAIN, 8_443, MAIL]) await far.listen('tcp', port);
  keeper = new KeeperHost(networks.here, { kluser: PRODUCT }, {}, plane.nats.identity.trust);
  await keeper.start();
  await plane.writeFleet([SERVER]);
  for (const service of ['reporting', 'rotation', 'consent'] as const) await plane.run(service);
  agent = await RealAgent.prepare(SERVER, plane.nats, { egressSocket: keeper.socket });
  await agent.start();
}, 180_000);
afterAll(async () => {
  await agent?.remove();
  await keeper?.remove();
  await plane?.stop();
  await networks?.end();
});

describe.runIf(MISSING === null)(`what leaves a server${MISSING === null ? '' : ` (skipped: ${MISSING})`}`, { timeout: 240_000 }, () => {
  it('is refused by nobody before a policy says so', async () => {
    expect(await talks(HTTPS)).toBe('answered');
    expect((await attested('an attestation', () => true)).egress).toBeUndefined();
  });

  it('is refused where nobody decided, once a policy fails closed, and flows when consent is given', async () => {
    await ask('rotation.apply', { documents: [POLICY, OFTEN], remove: [], by: 'Ada', reason: 'A test', dryRun: false });
    await becomes('ECONNREFUSED');
    await attested('attested as refused', (one) => isRefused(one, 'ksn') && one.compliant === true);
    for (const agreement of AGREEMENTS) await decide(agreement, 'grant');
    await becomes('answered');
    await becomes('answered', BARE);
    expect(await attested('attested as allowed', (one) => !isRefused(one, 'ksn') && one.egress?.filter === 'stands')).toMatchObject({ egress: { notEnforced: [] } });
  });

  it('is refused, attested and converged once consent is withdrawn, and mail goes on all the while', async () => {
    expect((await product.ask({ op: 'open', name: 'open', host: THERE.v4, port: HTTPS, authority })).outcome).toBe('done');
    expect((await product.ask({ op: 'open', name: 'bare', host: THERE.v4, port: BARE })).outcome).toBe('done');
    const revision = (await attestations()).at(-1)?.revisions['organisation'] ?? 0;
    const { recordedAt } = await decide('ksn-statement', 'withdraw');
    expect(await talks(MAIL)).toBe('answered');
    const attestation = await attested('the withdrawal is attested', (one) => isRefused(one, 'ksn') && (one.revisions['organisation'] ?? 0) > revision);
    expect(Date.parse(attestation.appliedAt) - Date.parse(recordedAt)).toBeLessThan(APPLIED_MS_MAX);
    expect(attestation).toMatchObject({ compliant: true, egress: { filter: 'stands', notEnforced: [] } });
    for (const name of ['open', 'bare']) expect((await product.ask({ op: 'say', name })).outcome).toMatch(/^(?:ECONNRESET|EPIPE|ECONNREFUSED|closed)$/);
    for (const port of [HTTPS, BARE]) expect(await talks(port)).toBe('ECONNREFUSED');
    expect(await talks(MAIL)).toBe('answered');
    await eventually('subscribers hear that it has converged', async () => (await plane.said<{ data: { detail: { scope: string } } }>('EVENTS', 'mw.event.consent.converged.>')).find(({ data }) => data.detail.scope === 'organisation'));
  });

  it('stays refused while a firewall is loaded anew, which empties everything', async () => {
    networks.here$('nft flush ruleset');
    await becomes('ECONNREFUSED');
    expect(await talks(MAIL)).toBe('answered');
  });

  it('becomes a finding where no flow declares it, and where it goes in plain text', async () => {
    await decide('eula', 'grant');
    await becomes('answered', PLAIN);
    expect((await product.ask({ op: 'flash', host: THERE.v4, port: 8_443 })).outcome).toBe('done');
    expect((await found('flow-undeclared')).subject).toBe('10.77.0.0/24 tcp 8443');
    expect((await found('flow-plaintext')).subject).toBe('licence-conditions');
    const opened = await plane.said<{ data: { detail: { code: string; message: string } } }>('EVENTS', 'mw.event.finding.opened.>');
    expect(opened.map(({ data }) => data.detail.code)).toEqual(expect.arrayContaining(['flow-undeclared', 'flow-plaintext']));
    expect(JSON.stringify(opened)).not.toContain(THERE.v4);
  });

  it('has not converged, and is a finding, while the keeper of the filter is gone', async () => {
    await keeper.end();
    const known = (await attestations()).at(-1)?.revisions['organisation'] ?? 0;
    await decide('supplementary-ksn-statement', 'withdraw');
    expect(await attested('the filter is attested as failed', ({ egress }) => egress?.filter === 'failed')).toMatchObject({ compliant: false, revisions: { organisation: 0 } });
    await found('flow-not-refused');
    // What it refused goes on to be refused.
    expect(await talks(HTTPS)).toBe('ECONNREFUSED');
    await keeper.start();
    await attested('all is well again', (one) => one.egress?.filter === 'stands' && (one.revisions['organisation'] ?? 0) > known);
  });

  it('is nobody\'s business any more when the policy is withdrawn', async () => {
    await ask('rotation.apply', { documents: [], remove: ['follow-consent'], by: 'Ada', reason: 'A test', dryRun: false });
    await becomes('answered');
    await eventually('the table is gone', async () => (networks.here$('nft list tables').includes('mailwarden') ? undefined : true));
  });
});
