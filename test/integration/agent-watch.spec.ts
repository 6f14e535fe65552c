import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { join } from 'node:path';
import { subjects, type Observation } from '@mailwarden/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ControlPlane, eventually } from './control-plane.js';
import { RealAgent } from './real-agent.js';

/** What the product promises. Units: milliseconds. */
const KNOWN_WITHIN_MS = 5_000;
const HOUR_SECONDS = 3_600;
const SUITE_MS = 60_000;
const STORM_FILES = 6_000;
const SERVERS = Array.from({ length: 5 }, (_, index) => `mx-${index + 1}`);

let plane: ControlPlane;
let agent: RealAgent;
let server: string;
let fresh = 0;

const observations = async (): Promise<Observation[]> => (await plane.said<{ data: Observation }>('OBSERVATIONS', subjects.observation(server))).map(({ data }) => data);
const reports = (observation: Observation) => observation.stores.find(({ id }) => id === 'reports');
const items = (observation: Observation): number | null => { const count = reports(observation)?.items; return count?.known === true ? count.value : null; };
/** Changes something, and waits for an observation that shows it: one that was said afterwards, and in time. */
async function within(what: string, act: () => Promise<unknown>, holds: (observation: Observation) => boolean): Promise<Observation> {
  const before = (await observations()).length;
  await act();
  const startedMs = performance.now();
  const found = await eventually(what, async () => (await observations()).slice(before).find(holds), SUITE_MS);
  expect(performance.now() - startedMs, what).toBeLessThan(KNOWN_WITHIN_MS);
  return found;
}

/** Starts an agent that by itself would look again in an hour, and waits until it watches. */
async function watching(part: Parameters<typeof RealAgent.prepare>[2] = {}): Promise<void> {
  server = SERVERS[(fresh += 1) - 1] ?? '';
  await plane.enrol(server);
  agent = await RealAgent.prepare(server, plane.nats, { scanIntervalSeconds: HOUR_SECONDS, ...part });
}
async function started(): Promise<void> {
  await agent.start();
  await eventually('the first measurement', async () => ((await observations()).length > 0 ? true : undefined), SUITE_MS);
  // The watch begins beside the first scan: something that changes until it is seen shows that it is there.
  const probe = join(agent.store, 'probe');
  await eventually('a change is seen', async () => {
    await writeFile(probe, String(performance.now()));
    return (await observations()).some((observation) => items(observation) === 1) ? true : undefined;
  }, SUITE_MS);
}

beforeAll(async () => {
  plane = await ControlPlane.start(SERVERS);
}, 120_000);
afterEach(() => agent?.remove());
afterAll(() => plane?.stop());

describe('a store that is watched', () => {
  it('is measured within seconds after it grew, and after its protection was broken, though the next scan is an hour away', { timeout: SUITE_MS }, async () => {
    await watching();
    await started();
    await within('the store grew', () => Promise.all(Array.from({ length: 20 }, (_, index) => writeFile(join(agent.store, `report-${index}`), Buffer.alloc(4_096)))), (observation) => items(observation) === 21);
    const broken = await within('everyone gets in', () => chmod(join(agent.store, 'report-3'), 0o666), (observation) => (reports(observation)?.access.breaches.length ?? 0) > 0);
    expect(broken.bundleVersion).toBeNull();
  });

  it('is followed into folders that come, and to a place where it appears again', { timeout: SUITE_MS }, async () => {
    await watching();
    await started();
    await within('a file in a new folder', async () => {
      await mkdir(join(agent.store, 'day/hour'), { recursive: true });
      await writeFile(join(agent.store, 'day/hour/1'), 'x');
    }, (observation) => items(observation) === 2);
    await within('a second one there', () => writeFile(join(agent.store, 'day/hour/2'), 'x'), (observation) => items(observation) === 3);
    await within('the store is gone', () => rename(agent.store, `${agent.store}-away`), (observation) => reports(observation)?.present === false);
    await within('it is back', async () => {
      await mkdir(agent.store);
      await writeFile(join(agent.store, 'again'), 'x');
    }, (observation) => items(observation) === 1);
    await within('and is watched', () => writeFile(join(agent.store, 'again-2'), 'x'), (observation) => items(observation) === 2);
  });
});

/** Writes a thousand files a second in a thread of its own, until it is told to stop. */
const STORM = `
const { workerData: { folder, written } } = require('node:worker_threads');
const { writeFileSync } = require('node:fs');
setInterval(() => { for (let index = 0; index < 50; index += 1) writeFileSync(folder + '/storm-' + (Atomics.add(written, 0, 1) % 500), 'x'); }, 50);
`;

describe('a store in a storm', () => {
  it('costs no more than the budget, is measured on, and is right when the storm is over', { timeout: SUITE_MS }, async () => {
    await watching();
    await started();
    const before = (await observations()).length;
    const startedMs = performance.now();
    const written = new Int32Array(new SharedArrayBuffer(4));
    const storm = new Worker(STORM, { eval: true, workerData: { folder: agent.store, written } });
    await eventually('the storm has raged', async () => ((written[0] ?? 0) >= STORM_FILES ? true : undefined), SUITE_MS);
    const during = (await observations()).slice(before);
    const tookMs = performance.now() - startedMs;
    expect(during.length).toBeGreaterThan(0);
    // One scan a second at most, however many files were written.
    expect(during.length).toBeLessThanOrEqual(tookMs / 1_000 + 1);
    await within('the end of the storm', async () => {
      await storm.terminate();
      await writeFile(join(agent.store, 'calm'), 'x');
    }, (observation) => items(observation) === 502);
  });
});

describe('a store with more folders than may be watched', () => {
  it('says so in what is measured', { timeout: SUITE_MS }, async () => {
    await watching({ watchFoldersMax: 3 });
    await agent.start();
    await eventually('a measurement with the notice', async () => (await observations()).find(({ effort }) => effort?.notice?.includes('not every folder could be watched') === true), SUITE_MS);
  });
});
