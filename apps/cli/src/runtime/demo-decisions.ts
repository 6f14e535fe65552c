import type { ApiClient } from '../api-client.js';

/** What the demo's organisation has decided before anybody looks: the licence and its policy stand, KSN was refused. */
const DECISIONS = [
  { agreement: 'eula', action: 'grant', reason: 'Needed to run the product' },
  { agreement: 'privacy-policy', action: 'grant', reason: 'Needed to run the product' },
  { agreement: 'ksn-statement', action: 'decline', reason: 'No data of ours shall reach the network' },
  { agreement: 'supplementary-ksn-statement', action: 'decline', reason: 'No statistics shall leave' },
] as const;

/** Records the demo's first decisions, once. */
export async function recordDemoDecisions(client: ApiClient): Promise<void> {
  const { decisions } = await client.ask('consents');
  const decided = new Set(decisions.map(({ agreement }) => agreement));
  for (const { agreement, action, reason } of DECISIONS) {
    if (decided.has(agreement)) continue;
    await client.ask('decide', { body: { agreement, textSha256: null, action, scope: { kind: 'organisation' }, onBehalfOf: 'Example organisation', means: 'command-line', reason, validUntil: null, region: null } });
  }
}
