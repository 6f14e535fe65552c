import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadHostSettings } from '@mailwarden/config';
import { subjects, type Observation } from '@mailwarden/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ControlPlane, eventually } from './control-plane.js';
import { RealAgent } from './real-agent.js';

const SUITE_MS = 60_000;
const SERVER = 'mx-1';
const LETTER = 'Received: from a.example by b.example\nMessage-ID: <1@a.example>\nFrom: anna@a.example\nTo: bert@b.example\nSubject: secret\n\nbody\n';

let plane: ControlPlane;
let agent: RealAgent;

beforeAll(async () => {
  plane = await ControlPlane.start([SERVER]);
}, 120_000);
afterEach(() => agent?.remove());
afterAll(() => plane?.stop());

describe('an agent that looks outside the stores', () => {
  it('tells what it found in the observation that follows, by number and place alone', { timeout: SUITE_MS }, async () => {
    await plane.enrol(SERVER);
    agent = await RealAgent.prepare(SERVER, plane.nats, { scanIntervalSeconds: 3_600 });
    const root = join(agent.dir, 'root');
    for (const folder of ['etc', 'var/tmp/of-anna']) await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, 'etc/passwd'), 'root:x:0:0::/:/\n');
    await writeFile(join(root, 'var/tmp/of-anna/letter-to-bert'), LETTER, { mode: 0o644 });
    await agent.start();
    const observed = await eventually('an observation with what was found', async () => (await plane.said<{ data: Observation }>('OBSERVATIONS', subjects.observation(SERVER))).find(({ data }) => data.undeclared?.known === true), SUITE_MS);
    expect(observed.data.undeclared).toMatchObject({ known: true, value: [{ kind: 'mail-like', place: '/var/tmp', items: 1, bytes: LETTER.length }] });
    expect(JSON.stringify(observed)).not.toMatch(/anna|bert/);
  });

  it('leaves it where the settings of the host say so', async () => {
    agent = await RealAgent.prepare(SERVER, plane.nats);
    const root = join(agent.dir, 'root');
    await mkdir(join(root, 'etc/mailwarden'), { recursive: true });
    await writeFile(join(root, 'etc/mailwarden/host.yaml'), 'schema: mailwarden/host/v1\nlook-for-undeclared: false\nundeclared-excluded: [ /srv/archive ]\n', { mode: 0o600 });
    expect(await loadHostSettings(root)).toEqual({ databases: {}, lookForUndeclared: false, undeclaredExcluded: ['/srv/archive'] });
  });
});
