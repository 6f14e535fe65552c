import { ago, DAY, MINUTE } from './sample-time.js';

const PRODUCT = 'Kaspersky Security 8 for Linux Mail Server';

interface Sample {
  readonly server: string;
  readonly labels: Record<string, string>;
  readonly state: string;
  readonly agent?: string;
  readonly seen?: number | null;
  readonly measured?: number | null;
  readonly mode?: string | null;
  readonly open?: Record<string, number>;
  readonly over?: number;
  readonly bytes?: number;
  readonly consent?: string;
}

const SAMPLES: readonly Sample[] = [
  { server: 'mx-berlin', labels: { role: 'mx', region: 'eu' }, state: 'in-order', bytes: 812_400_000, consent: 'converged' },
  { server: 'mx-dublin', labels: { role: 'mx', region: 'eu', canary: 'true' }, state: 'finding', mode: 'enforce', open: { high: 1, medium: 1 }, over: 1, bytes: 3_411_000_000, consent: 'converging' },
  { server: 'archive-oslo', labels: { role: 'archive', region: 'eu' }, state: 'finding', open: { high: 4, medium: 3, info: 2 }, over: 1, bytes: 9_204_118_333, consent: 'converged' },
  { server: 'edge-lisbon', labels: { role: 'edge', region: 'eu' }, state: 'finding', open: { critical: 1, high: 1 }, bytes: 220_481_000, consent: 'not-compliant' },
  { server: 'mx-warsaw', labels: { role: 'mx', region: 'eu' }, state: 'finding', agent: 'silent', seen: 42 * MINUTE, measured: 43 * MINUTE, open: { high: 1 }, bytes: 501_000_000, consent: 'unknown' },
  { server: 'new-prague', labels: { role: 'mx' }, state: 'unknown', agent: 'never', seen: null, measured: null, mode: null, consent: 'unknown' },
];

const row = ({ server, labels, state, agent = 'live', seen = 2_000, measured = 20_000, mode = 'observe', open = {}, over = 0, bytes = 0, consent = 'unknown' }: Sample): unknown => ({
  server, labels, profiles: ['kaspersky-klms-8'], product: PRODUCT, state, agent, lastSeenAt: seen === null ? null : ago(seen), lastObservedAt: measured === null ? null : ago(measured), mode, openFindings: open, storesOverLimit: over, bytesStored: bytes, consent,
});

/** A fleet in which every state occurs. With `many`, thousands of servers more. */
export const sampleRows = (many: number): unknown[] => [
  ...SAMPLES.map(row),
  ...Array.from({ length: many }, (_, index) => row({ server: `mx-${index}`, labels: { role: 'mx' }, state: index % 17 === 0 ? 'finding' : index % 41 === 0 ? 'unknown' : 'in-order', bytes: index * 1_000_000, open: index % 17 === 0 ? { medium: 1 } : {}, consent: 'converged' })),
];
export const sampleNames = (): string[] => SAMPLES.map(({ server }) => server);
export const OLDEST = 2 * 365 * DAY;
