import { ago, DAY, hash, id, known, MINUTE } from './sample-time.js';

const AGREEMENTS = [['eula', 'End User License Agreement', 'Running the product'], ['privacy-policy', 'Privacy Policy', 'Running the product'], ['ksn-statement', 'Kaspersky Security Network Statement', 'Taking part in Kaspersky Security Network'], ['supplementary-ksn-statement', 'Supplementary Kaspersky Security Network Statement', 'Sending KSN statistics']] as const;
const STATES = ['granted', 'undecided', 'granted', 'text-changed', 'declined', 'withdrawn', 'expired'] as const;

export const sampleDecision = (number: number, agreement: string, action: string, scope: unknown, madeMs: number, onBehalfOf = 'Example Organisation', reason = 'Decided at the yearly review'): unknown => ({
  id: id(number), agreement, textSha256: action === 'grant' ? hash('ab') : null, action, scope, decidedBy: 'administrator', onBehalfOf, means: 'console', reason, decidedAt: ago(madeMs), recordedAt: ago(madeMs), validUntil: null, region: null,
});

/** `moving` names servers that a fresh decision has not reached yet. */
export const sampleConsent = (servers: readonly string[], made: readonly unknown[], moving: boolean, answered: readonly string[] = []): unknown => ({
  twoPersons: 'grants',
  proposals: sampleProposals(answered).map((one) => ({ ...(one as object), count: 1 })),
  agreements: AGREEMENTS.map(([agreement, title, gate], index) => ({ id: agreement, title, gates: [gate], versions: index === 1 ? [] : [{ textSha256: hash('ab'), label: '8.0.3', language: 'en', effectiveAt: null, seenAt: ago(3 * DAY), origin: 'imported' }] })),
  decisions: [...made, sampleDecision(301, 'eula', 'grant', { kind: 'organisation' }, 40 * DAY), sampleDecision(302, 'ksn-statement', 'grant', { kind: 'group', label: 'role', value: 'mx' }, 12 * DAY), sampleDecision(303, 'ksn-statement', 'withdraw', { kind: 'server', server: 'edge-lisbon' }, 40 * MINUTE)],
  effective: servers.flatMap((server, row) => AGREEMENTS.map(([agreement], column) => ({ agreement, server, state: STATES[(row + column * 2) % STATES.length], because: 'granted for servers with role=mx' }))),
  convergence: servers.map((server, index) => ({
    server,
    state: moving ? 'converging' : (['converged', 'converging', 'converged', 'not-compliant', 'unreachable', 'unknown'] as const)[index % 6],
    attestedAt: index === 5 ? null : ago(5_000), milliseconds: index % 2 === 0 ? 840 + index * 90 : null,
    ksn: index === 5 ? null : { desired: 'basic', actual: known(server === 'edge-lisbon' ? 'extended' : 'basic') },
    because: moving ? 'waits for organisation' : ['applied, and nothing leaves that is not covered', 'waits for group.role=mx', 'applied, and nothing leaves that is not covered', 'applied, but what is not covered can leave the server', 'waits for organisation', 'the agent has not attested yet'][index % 6],
  })),
});

/** One decision that waits for a second person, until it is answered. */
export const sampleProposals = (answered: readonly string[]): unknown[] =>
  [{ id: id(501), proposedBy: 'grace.hopper', proposedAt: ago(30 * MINUTE), lapsesAt: ago(-7 * DAY), documentSha256: null, decisions: [{ agreement: 'ksn-statement', textSha256: hash('ab'), action: 'grant', scope: { kind: 'organisation' }, onBehalfOf: 'Example organisation', means: 'console', reason: 'decided by the board', validUntil: null, region: null, decidedAt: null }] }].filter((one) => !answered.includes(one.id));

export const sampleConsentAt = (servers: readonly string[], at: string, knownAt: string | null): unknown => ({ at, knownAt: knownAt ?? at, rowsLeft: 0, rows: servers.flatMap((server) => AGREEMENTS.map(([agreement]) => ({ server, agreement, state: agreement === 'eula' ? 'granted' : 'undecided', because: agreement === 'eula' ? 'granted for organisation' : 'nobody decided on it for this server', decision: null }))) });
export const sampleText = (): unknown => ({ agreement: 'eula', textSha256: hash('ab'), label: '8.0.3', language: 'en', effectiveAt: null, seenAt: ago(3 * DAY), origin: 'imported', text: 'The words of an agreement.\n' });

export const POLICY_TEXT = `schema: mailwarden/policy/v1
kind: retention
name: backup-cap
reason: Article 5(1)(e), storage limitation
servers: { role: mx, region: eu }
stores: [ kaspersky-klms-8/backup ]
mode: enforce
limits: { bytes: 1 GB }
target: 80 %
keep: { newest: 100, younger-than: 1 hour }
bounds: { items: 10000, bytes: 2 GB, percent: 30, per: 1 hour }
`;
export const samplePolicies = (): unknown => ({
  policies: [
    { name: 'backup-cap', version: hash('7e'), kind: 'retention', mode: 'enforce', reason: 'Article 5(1)(e), storage limitation', activeSince: ago(12 * DAY), servers: 3, text: POLICY_TEXT, origin: 'applied' },
    { name: 'quarantine-cap', version: hash('8f'), kind: 'retention', mode: 'observe', reason: 'See what would go before it goes', activeSince: ago(2 * DAY), servers: 5, text: POLICY_TEXT.replaceAll('backup', 'quarantine') },
    { name: 'case-17', version: hash('6d'), kind: 'hold', mode: 'observe', reason: 'Correspondence of a claim that is not settled', activeSince: ago(90 * DAY), servers: 0, text: 'schema: mailwarden/policy/v1\nkind: hold\nname: case-17\n' },
  ],
  problems: [{ file: 'trace.yaml', line: 7, path: 'limits.bytes', message: 'a size is a number with a unit, as "500 MB" (10^6) or "1 GiB" (2^30); this is "500"' }],
});
