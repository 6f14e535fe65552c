import { ago, hash, id } from './sample-time.js';

const SHAPES: readonly (readonly [event: string, server: string, severity: string, detail: Record<string, unknown>])[] = [
  ['rotation.ordered', 'mx-dublin', 'info', { order: id(101), store: 'backup', policy: 'backup-cap', expiresAt: ago(-3_600_000) }],
  ['finding.opened', 'mx-dublin', 'high', { finding: id(1), code: 'over-limit', store: 'backup', message: 'Backup holds 1.31 GB; the policy limit is 1 GB', advice: 'a policy in enforce mode rotates it' }],
  ['consent.decided', 'fleet', 'info', { decision: id(303), agreement: 'ksn-statement', action: 'withdraw', scope: 'server.edge-lisbon' }],
  ['rotation.completed', 'mx-dublin', 'info', { order: id(102), store: 'trace-log', policy: 'trace-cap', outcome: 'completed', itemsDeleted: 12, bytesDeleted: 140_000_000, digest: hash('5d') }],
  ['finding.resolved', 'mx-dublin', 'medium', { finding: id(2), code: 'over-limit', store: 'trace-log', openSeconds: 14_400 }],
  ['agent.silent', 'mx-warsaw', 'high', { lastSeenAt: ago(2_520_000) }],
  ['ledger.checkpoint', 'fleet', 'info', { size: 2048, rootHash: hash('9b'), keyId: '00ffaa1122334455', signature: 'c2lnbmF0dXJl' }],
  ['message.rejected', 'fleet', 'critical', { consumer: 'reporting-observations', reason: 'the signature is not that of the server it names' }],
];

/** As many events as have happened, the newest first. */
export const sampleEvents = (count: number, startedAtMs: number): Record<string, unknown>[] =>
  Array.from({ length: count }, (_, index) => {
    const sequence = count - index;
    const [event, server, severity, detail] = SHAPES[sequence % SHAPES.length] ?? ['agent.returned', 'fleet', 'info', { silentSeconds: 1 }];
    return { sequence, id: id(9000 + sequence), at: ago(Math.max(0, Date.now() - startedAtMs) + (150 - Math.min(150, sequence)) * 9000), event, server, severity, detail };
  });
