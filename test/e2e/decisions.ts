import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@mailwarden/testing';
import type { Page } from 'playwright-core';
import type { DemoRuntime } from './demo-runtime.js';

interface Asked {
  readonly name: string;
  readonly server: string;
  readonly store: string;
  readonly rest: string;
}

/** Two people are needed for the first two; the third marks; the fourth permits less than it needs, so that its rollout stops by itself. */
export const NEEDS_TWO: Asked = { name: 'spam-needs-two', server: 'mx-3', store: 'antispam-quarantine', rest: 'mode: ask\napprovals: 2\nlimits: { bytes: 1 MB }' };
export const REFUSED: Asked = { name: 'kata-needs-two', server: 'mx-4', store: 'kata-quarantine', rest: 'mode: ask\napprovals: 2\nlimits: { bytes: 500 KB }' };
export const WITH_GRACE: Asked = { name: 'spam-with-grace', server: 'mx-4', store: 'antispam-quarantine', rest: 'mode: enforce\ngrace: 7 days\nlimits: { bytes: 1 MB }' };
export const STOPS: Asked = { name: 'events-too-many', server: 'mx-1', store: 'event-log', rest: 'mode: enforce\nlimits: { records: 1000 }\nbounds: { items: 1 }\nrollout: { waves: [ { name: mx-1 }, 100 % ], soak: 1 day, stop-on: { failures: 0 } }' };

const documentOf = ({ name, server, store, rest }: Asked): string =>
  `schema: mailwarden/policy/v1\nkind: retention\nname: ${name}\nreason: What people decide about\nservers: { name: ${server} }\nstores: [ kaspersky-klms-8/${store} ]\n${rest}\n${rest.includes('bounds:') ? '' : 'bounds: { items: 100000, bytes: 1 GB, percent: 100 }\n'}`;

/** Lets the policies stand, as an operator does from a file. */
export async function applyAll(demo: DemoRuntime, ...policies: readonly Asked[]): Promise<void> {
  const file = join(demo.dataDir, 'decisions.yaml');
  await writeFile(file, policies.map(documentOf).join('---\n'));
  const applied = await demo.run('policy', 'apply', file, '--yes', '--reason', 'what people decide about');
  if (applied.code !== 0) throw new Error(`policy apply: ${applied.stdout}${applied.stderr}`);
}

/** Orders of a policy that may delete, the newest first. */
export const ordersOf = async (demo: DemoRuntime, { name, server, store }: Asked) => (await demo.ask('rotations', `/rotations?server=${server}&store=${store}`)).items.filter(({ order }) => order.policy.name === name && order.purpose !== 'plan');

/** The row in which a policy's request, mark or rollout stands. */
export const rowOf = (page: Page, { server, store }: Asked, what: 'approval' | 'mark') => page.getByTestId(`${what}-${server}-${store}`);

/** Waits until the service itself tells of a store's request; gives its id. */
export const requestOf = (demo: DemoRuntime, { name }: Asked): Promise<string> =>
  eventually(`a request of ${name}`, 60_000, async () => (await demo.ask('waiting')).requests.find(({ policy, state }) => policy === name && state === 'waiting')?.id);
