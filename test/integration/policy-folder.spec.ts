import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PolicyBundle, PolicyOverview, RotationOrder, RotationWaiting, SignedPolicyBundle } from '@mailwarden/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ControlPlane, eventually } from './control-plane.js';
import { PROFILE, receiptOf, type FleetSpeaker } from './fleet-speaker.js';

const SERVERS = ['mx-1', 'mx-2', 'mx-3', 'mx-4'];
const ANSWER_MS_MAX = 10_000;
const OVER = { bytes: 2_001 };

let plane: ControlPlane;
let folder: string;
let server: string;
let agent: FleetSpeaker;
let fresh = 0;

const policy = (name: string, more = ''): string => `schema: mailwarden/policy/v1\nkind: retention\nname: ${name}\nreason: A test\nmode: enforce\nlimits: { bytes: 2000 B }\nstores: [ ${PROFILE}/backup ]\n${more}`;
const hold = (name: string): string => `schema: mailwarden/policy/v1\nkind: hold\nname: ${name}\nreason: A case\nstores: [ ${PROFILE}/reports ]\n`;
const write = (file: string, text: string): Promise<void> => writeFile(join(folder, file), text);
const bundleWith = (what: string, holds: (found: PolicyBundle) => boolean): Promise<PolicyBundle> => eventually(what, async () => {
  const found = ((await plane.entry('bundle', server)) as SignedPolicyBundle | undefined)?.payload;
  return found !== undefined && holds(found) ? found : undefined;
});

async function answer<T>(asking: Promise<{ ok: true; value: T } | { ok: false; detail: string }>): Promise<T> {
  const answered = await asking;
  if (!answered.ok) throw new Error(answered.detail);
  return answered.value;
}
const problems = async (): Promise<PolicyOverview['problems']> => (await answer(plane.questions.ask('rotation.policies', {}, { timeoutMs: ANSWER_MS_MAX }))).problems;
const waiting = (): Promise<RotationWaiting> => answer(plane.questions.ask('rotation.waiting', {}, { timeoutMs: ANSWER_MS_MAX }));
const decide = (about: 'mark' | 'rollout', id: string, action: 'release' | 'stop' | 'resume'): Promise<RotationWaiting> => answer(plane.questions.ask('rotation.decide', { about, id, action, by: 'Ada', reason: 'Seen' }, { timeoutMs: ANSWER_MS_MAX }));
const apply = (name: string, text: string) => answer(plane.questions.ask('rotation.apply', { documents: [text], remove: [], by: 'Ada', reason: name, dryRun: false }, { timeoutMs: ANSWER_MS_MAX }));
const isTroubled = (): Promise<true> => eventually('the folder is not whole', async () => ((await problems()).length > 0 ? true : undefined));
const isWhole = (): Promise<true> => eventually('the folder is whole', async () => ((await problems()).length === 0 ? true : undefined));
const rolloutOf = async (name: string) => (await waiting()).rollouts.find((rollout) => rollout.policy === name);
const settled = (): Promise<void> => plane.settled('rotation-observations', 'rotation-receipts');
const orders = (): Promise<{ id: string; state: string; document: { payload: RotationOrder } }[]> => plane.sql(`SELECT id, state, document FROM rotation.rotation_order WHERE server = $1 ORDER BY issued_at`, [server]);

/** Resolves when what time brings was done after this: a mark of a policy that never was is gone. */
async function clerkLooked(): Promise<void> {
  await plane.sql(`INSERT INTO rotation.mark ("order", server, profile, store, policy, policy_version, grace_seconds, bounds, marked_at, due_at, state) VALUES (gen_random_uuid(), 'nowhere', 'none', 'none', 'never-was', '', 0, '{}', now(), now(), 'marked')`);
  await eventually('the clerk has looked', async () => ((await plane.sql(`DELETE FROM rotation.mark WHERE policy = 'never-was' AND state = 'done' RETURNING 1`)).flat().length > 0 ? true : undefined));
}

beforeAll(async () => {
  plane = await ControlPlane.start(SERVERS);
  folder = join(plane.dir, 'policies');
  await mkdir(folder);
  await write('cap.yaml', policy('cap'));
  await plane.run('rotation', { MAILWARDEN_POLICY_DIR: folder });
}, 120_000);
afterAll(async () => plane?.stop());

beforeEach(async () => {
  server = SERVERS[(fresh += 1) - 1] ?? '';
  agent = await plane.speaker(server);
  await plane.enrol(server);
  await bundleWith('its bundle', ({ rules }) => rules.length > 0);
});

describe('a policy that stands still', () => {
  it('goes on standing still when its file had a slip, was away, or had another version for a while, until a person resumes it', async () => {
    await write('other.yaml', policy('other', 'servers: { role: none }'));
    await decide('rollout', 'cap', 'stop');
    await write('cap.yaml', policy('cap').replace('limits', 'limitz'));
    await isTroubled();
    await write('cap.yaml', policy('cap'));
    await isWhole();
    expect(await rolloutOf('cap')).toMatchObject({ state: 'stopped', reason: 'stopped by a person: Seen' });

    await rm(join(folder, 'cap.yaml'));
    await eventually('it is gone', async () => ((await rolloutOf('cap')) === undefined ? true : undefined));
    await clerkLooked();
    await write('cap.yaml', policy('cap'));
    expect(await eventually('it is back', () => rolloutOf('cap'))).toMatchObject({ state: 'stopped', reason: 'stopped by a person: Seen' });

    await write('cap.yaml', policy('cap', 'target: 50 %'));
    await eventually('another version runs', async () => ((await rolloutOf('cap'))?.state === 'complete' ? true : undefined));
    await write('cap.yaml', policy('cap'));
    await eventually('the one before stands still', async () => ((await rolloutOf('cap'))?.state === 'stopped' ? true : undefined));
    await agent.observe(OVER);
    await settled();
    expect(await orders()).toEqual([]);

    await decide('rollout', 'cap', 'resume');
    await write('cap.yaml', policy('cap').replace('limits', 'limitz'));
    await isTroubled();
    await write('cap.yaml', policy('cap'));
    await isWhole();
    expect(await rolloutOf('cap')).toMatchObject({ state: 'complete' });
  });

  it('marks nothing anew that a person took back, whatever becomes of its file', async () => {
    await write('cap.yaml', policy('cap', 'grace: 7 days'));
    await bundleWith('its grace', ({ rules }) => rules.some(({ graceSeconds = 0 }) => graceSeconds > 0));
    await agent.observe(OVER);
    const mark = await eventually('the mark', async () => (await orders()).at(-1)?.document.payload);
    await agent.account(receiptOf(mark, { outcome: 'marked', purpose: 'mark', deleted: { items: 0, bytes: 0 } }));
    await settled();
    await decide('mark', mark.id, 'release');
    await write('cap.yaml', policy('cap', 'grace: 7 dayz'));
    await isTroubled();
    await clerkLooked();
    await rm(join(folder, 'cap.yaml'));
    await isWhole();
    await clerkLooked();
    expect((await waiting()).marks).toMatchObject([{ order: mark.id, state: 'released' }]);
    await decide('mark', mark.id, 'resume');
    expect((await waiting()).marks).toEqual([]);
    await write('cap.yaml', policy('cap'));
    await bundleWith('no grace', ({ rules }) => rules.some(({ graceSeconds = 0 }) => graceSeconds === 0));
  });
});

describe('a folder of policies that is away', () => {
  it('withdraws no hold, at a start or while the worker runs, and is told of until it is back', async () => {
    await write('case.yaml', hold('case-1'));
    await bundleWith('the hold', ({ holds }) => holds.some(({ id }) => id === 'case-1'));
    const away = `${folder}-away`;
    await plane.end('rotation');
    await rename(folder, away);
    await plane.run('rotation', { MAILWARDEN_POLICY_DIR: folder });
    expect(await problems()).toMatchObject([{ file: 'the policy folder', message: expect.stringMatching(/is not there, and had cap\.yaml, case\.yaml/) }]);
    await apply('one more', policy('applied', 'keep: { newest: 7 }'));
    expect((await bundleWith('what was applied', ({ rules }) => rules.some(({ policy: name }) => name === 'applied'))).holds).toMatchObject([{ id: 'case-1' }]);
    // The place where the disk is mounted is there, and empty.
    await mkdir(folder);
    await eventually('it is told as empty', async () => ((await problems()).some(({ message }) => message.includes('is empty, and had cap.yaml, case.yaml')) ? true : undefined));
    await apply('and another', policy('applied', 'keep: { newest: 8 }'));
    expect((await bundleWith('the change', ({ rules }) => rules.some(({ keep }) => keep.newest === 8))).holds).toMatchObject([{ id: 'case-1' }]);
    await rm(folder, { recursive: true });
    await rename(away, folder);
    await isWhole();
    await rename(folder, away);
    await isTroubled();
    await rename(away, folder);
    await isWhole();
  });

  it('is believed when its files were removed from it, or when it says by itself that it is empty', async () => {
    await bundleWith('the hold', ({ holds }) => holds.length === 1);
    for (const file of ['case.yaml', 'cap.yaml', 'other.yaml']) await rm(join(folder, file), { force: true });
    await bundleWith('no hold', ({ holds }) => holds.length === 0);
    expect(await problems()).toEqual([]);
    await write('case.yaml', hold('case-2'));
    await bundleWith('another hold', ({ holds }) => holds.length === 1);
    await rm(folder, { recursive: true });
    await mkdir(folder);
    await isTroubled();
    await write('no-policies', '');
    await bundleWith('none again', ({ holds }) => holds.length === 0);
    expect(await problems()).toEqual([]);
  });
});
