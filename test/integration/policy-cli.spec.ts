import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PolicyPlan, RotationOrder } from '@mailwarden/contracts';
import { instantOf, known } from '@mailwarden/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandFailure } from '../../apps/cli/src/failure.js';
import type { RunningReporting } from '../../apps/reporting-service/src/boot.js';
import { ControlPlane, eventually } from './control-plane.js';
import { told } from './doors-cli.js';
import { PROFILE, receiptOf, type FleetSpeaker } from './fleet-speaker.js';

const WORKSPACE = fileURLToPath(new URL('../../', import.meta.url));
const TOKEN = 'a-token-of-the-local-command-line';
const SERVERS = ['mx-1', 'mx-2'];
const LIMIT_BYTES = 2_000;
const HOUR_MS = 3_600_000;
/** Over the limit, and old enough to go. */
const OVER = { bytes: 10_000, oldestAt: known(instantOf(Date.now() - 2 * HOUR_MS)), newestAt: known(instantOf(Date.now() - HOUR_MS)) };

interface Ran {
  readonly exit: number;
  readonly text: string;
  /** What, and what to do, where the command failed. */
  readonly failed: string;
}

let plane: ControlPlane;
const agents = new Map<string, FleetSpeaker>();

/** A command against a real service at the other end. */
async function cli(...args: readonly string[]): Promise<Ran> {
  try {
    return { ...(await told({ plane }, ...args)), failed: '' };
  } catch (cause) {
    if (!(cause instanceof CommandFailure)) throw cause;
    return { exit: 2, text: '', failed: [cause.message, ...cause.details, cause.advice].join('\n') };
  }
}

const cap = (name: string, mode: string, more = ''): string => `schema: mailwarden/policy/v1\nkind: retention\nname: ${name}\nreason: A test\nservers: { name: mx-1 }\nstores: [ ${PROFILE}/backup ]\nmode: ${mode}\nlimits: { bytes: ${LIMIT_BYTES} B }\n${more}`;
async function file(name: string, text: string): Promise<string> {
  const path = join(plane.dir, `${name}.policy`);
  await writeFile(path, text);
  return path;
}
const apply = (path: string) => cli('policy', 'apply', path, '--reason', 'a test of the suite', '--yes');
const openOrder = (server: string, policy: string, purpose = 'rotate') =>
  eventually(`an order of purpose ${purpose}`, async () => (await plane.sql<{ document: { payload: RotationOrder } }>(`SELECT document FROM rotation.rotation_order WHERE server = $1 AND policy = $2 AND purpose = $3 AND state = 'open'`, [server, policy, purpose]))[0]?.document.payload);
const observe = async (server: string): Promise<void> => {
  await agents.get(server)?.observe(OVER);
  await plane.settled('rotation-observations', 'rotation-receipts');
};

beforeAll(async () => {
  plane = await ControlPlane.start(SERVERS);
  await plane.writeFleet(SERVERS);
  await writeFile(join(plane.dir, 'in-folder.yaml'), cap('of-the-folder', 'observe'));
  for (const name of ['token', 'cli-token']) await writeFile(join(plane.dir, name), TOKEN, { mode: 0o600 });
  await plane.run('rotation');
  const reporting = (await plane.run('reporting')) as RunningReporting;
  await writeFile(join(plane.dir, 'address.json'), JSON.stringify({ url: reporting.url }));
  for (const server of SERVERS) agents.set(server, await plane.speaker(server));
  await eventually('bundles for both servers', async () => ((await Promise.all(SERVERS.map((server) => plane.entry('bundle', server)))).every((bundle) => bundle !== undefined) ? true : undefined));
  for (const server of SERVERS) await observe(server);
}, 120_000);
afterAll(async () => plane?.stop());

describe('policies from the command line', () => {
  it('are looked at, planned and compared before anything stands', async () => {
    const path = await file('cap', cap('backup-cap', 'observe'));
    expect(await cli('policy', 'lint', path)).toMatchObject({ exit: 0, text: `${path}: in order, 1 policy: retention backup-cap\n` });
    const planned = await cli('policy', 'plan', path, '--format', 'json');
    const plan = JSON.parse(planned.text) as PolicyPlan;
    expect(planned.exit).toBe(1);
    expect(plan.totals).toMatchObject([{ policy: 'backup-cap', mode: 'observe', change: 'new', servers: 1 }]);
    expect(plan.rows[0]).toMatchObject({ server: 'mx-1', store: 'backup', state: 'would-delete', passed: ['bytes'] });
    expect(plan.rows[0]?.wouldDelete.bytes).toBeGreaterThan(0);
    expect((await cli('policy', 'plan', path)).text).toContain('would go if it were enforced');
    const compared = await cli('policy', 'diff', path);
    expect(compared).toMatchObject({ exit: 1, failed: '' });
    expect(compared.text).toContain('+name: backup-cap');
    expect((await cli('policy', 'list', '--format', 'json')).text).not.toContain('backup-cap');
  });

  it('stand once they are applied, with who and why, and can be put back', async () => {
    const first = cap('backup-cap', 'observe');
    expect(await apply(await file('cap', first))).toMatchObject({ exit: 0, failed: '' });
    expect((await apply(await file('cap', first))).text).toContain('nothing to change');
    expect(await cli('policy', 'diff', await file('cap', first))).toMatchObject({ exit: 0 });
    await apply(await file('cap', first.replace('bytes: 2000 B', 'bytes: 3000 B')));
    const history = await cli('policy', 'show', 'backup-cap', '--history');
    expect(history.text).toMatch(/administrator {2}applied: a test of the suite/);
    expect(history.text.match(/applied: /g)).toHaveLength(2);
    expect((await cli('policy', 'show', 'backup-cap')).text).toContain('3000 B');
    expect((await cli('policy', 'apply', '--remove', 'backup-cap', '--reason', 'the suite is done with it', '--yes')).text).toContain('backup-cap: withdrawn');
    expect(await cli('policy', 'show', 'backup-cap')).toMatchObject({ exit: 2, failed: expect.stringContaining('no policy is called backup-cap') as string });
  });

  it('change nothing with a mistake, of a name that a file has, or when nobody confirms', async () => {
    const wrong = await file('wrong', `# first\n${cap('one', 'observe')}---\n# second\n${cap('two', 'observe').replace('2000 B', '2 furlongs')}`);
    const refused = await apply(wrong);
    expect(refused.exit).toBe(2);
    expect(refused.failed).toMatch(/wrong\.policy:19: limits\.bytes: /);
    expect((await apply(await file('folder', cap('of-the-folder', 'enforce')))).failed).toContain("of-the-folder is a file of the worker's folder");
    expect((await cli('policy', 'apply', await file('cap', cap('unconfirmed', 'observe')), '--reason', 'x')).failed).toContain('nobody is here to confirm it');
    expect((await cli('policy', 'apply', await file('cap', cap('unconfirmed', 'observe')), '--reason', ' ', '--yes')).failed).toContain('an auditor will ask');
    expect((await cli('policy', 'list')).text).not.toMatch(/unconfirmed|\bone\b|\btwo\b/);
  });
});

describe('an exact plan', () => {
  it('asks the hosts, tells totals and hashes, and deletes nothing', async () => {
    const path = await file('exact', cap('exact-cap', 'enforce'));
    const running = cli('policy', 'plan', path, '--exact', '--wait', '20');
    const order = await openOrder('mx-1', 'exact-cap', 'plan');
    await agents.get('mx-1')?.account(receiptOf(order, { outcome: 'planned', purpose: 'plan', deleted: { items: 0, bytes: 0 }, samples: [{ name: 'a'.repeat(64) as never, bytes: 500, at: null }] }));
    const { exit, text } = await running;
    expect(text).toContain('would go  4 items, 2.00 KB');
    expect(text).toContain(`samples   ${'a'.repeat(12)}`);
    expect(exit).toBe(1);
    expect(await plane.sql(`SELECT 1 FROM rotation.rotation_order WHERE policy = 'exact-cap' AND purpose <> 'plan'`)).toEqual([]);
  });

  it('says which hosts have not answered in time', async () => {
    const { exit, text } = await cli('policy', 'plan', await file('exact', cap('silent-cap', 'enforce')), '--exact', '--wait', '1');
    expect(text).toContain('no answer yet');
    expect(exit).toBe(2);
  });
});

describe('holds', () => {
  it('count at once, are listed, and end when they are released', async () => {
    const added = await cli('hold', 'add', 'case-7', '--store', '*/backup', '--server', 'mx-1', '--from', '2026-01-01', '--until', '2026-03-31', '--reason', 'an open case', '--asked-by', 'legal');
    expect(added).toMatchObject({ exit: 0, text: expect.stringContaining('case-7 holds */backup on 1 server from now on') as string });
    expect((await cli('hold', 'list')).text).toMatch(/case-7 +\*\/backup +1 +2026-01-01T00:00:00\.000Z to 2026-03-31T23:59:59\.999Z +when released +legal/);
    const bundle = (await plane.entry('bundle', 'mx-1')) as { payload: { holds: { id: string }[] } };
    expect(bundle.payload.holds).toMatchObject([{ id: 'case-7' }]);
    expect((await cli('hold', 'add', 'case-7', '--store', '*', '--reason', 'x')).failed).toContain('is the name of a policy that stands');
    expect((await cli('hold', 'add', 'case-8', '--store', '*', '--server', 'mx-9', '--reason', 'x')).failed).toContain('no server of this fleet is called mx-9');
    expect((await cli('hold', 'release', 'of-the-folder', '--reason', 'x')).failed).toContain('no hold is called of-the-folder');
    expect((await cli('hold', 'release', 'case-7', '--reason', 'the case is closed')).exit).toBe(0);
    expect((await cli('hold', 'list')).text).toBe('No hold stands.\n');
  });
});

describe('what waits for people and for time', () => {
  it('is approved or rejected by whoever asks, once', async () => {
    await apply(await file('ask', cap('ask-cap', 'ask', 'approvals: 2\n')));
    await observe('mx-1');
    const { exit, text } = await eventually('a request', async () => {
      const listed = await cli('approvals');
      return listed.exit === 1 ? listed : undefined;
    });
    expect(exit).toBe(1);
    expect(text).toMatch(/mx-1 +backup +ask-cap +waiting .* 0 of 2/);
    const id = /^([0-9a-f-]{36})/m.exec(text)?.[1] ?? '';
    expect((await cli('approve', id.slice(0, 8), '--reason', 'looked at it')).text).toContain('1 more by other people is needed');
    expect((await cli('approve', id, '--reason', 'looked at it twice')).failed).not.toBe('');
    expect((await cli('approve', 'ffff', '--reason', 'x')).failed).toContain('no waiting request begins with ffff');
    expect((await cli('reject', id, '--reason', 'still needed')).text).toContain('Rejected');
    expect(await cli('approvals')).toMatchObject({ exit: 0, text: 'Nothing waits for approval.\n' });
    await cli('policy', 'apply', '--remove', 'ask-cap', '--reason', 'done', '--yes');
  });

  it('is released while it is only marked', async () => {
    await apply(await file('grace', cap('grace-cap', 'enforce', 'grace: 7 days\n')));
    await observe('mx-1');
    const order = await openOrder('mx-1', 'grace-cap', 'mark');
    await agents.get('mx-1')?.account(receiptOf(order, { outcome: 'marked', purpose: 'mark', deleted: { items: 0, bytes: 0 } }));
    await plane.settled('rotation-receipts');
    expect((await cli('marks')).text).toMatch(/mx-1 +backup +grace-cap +marked +4 items, 2\.00 KB +in (?:6|7) days/);
    expect((await cli('release', order.id.slice(0, 8), '--reason', 'still needed')).text).toContain('Released');
    expect((await cli('marks')).text).toContain('not, it was released');
    expect((await cli('resume', order.id, '--reason', 'not needed any more')).text).toContain('Resumed');
  });

  it('is stopped and goes on, by the name of the policy', async () => {
    await apply(await file('waves', cap('wave-cap', 'enforce', 'rollout: { waves: [ 50 %, 100 % ] }\n')));
    const listed = await eventually('its rollout', async () => {
      const { text } = await cli('rollout', 'list');
      return text.includes('wave-cap') ? text : undefined;
    });
    expect(listed).toMatch(/wave-cap +(?:running|soaking) +1 of 2/);
    expect((await cli('rollout', 'stop', 'wave-cap', '--reason', 'looking into it')).text).toContain('Stopped');
    expect(await cli('rollout', 'list')).toMatchObject({ exit: 1, text: expect.stringMatching(/wave-cap +stopped/) as string });
    expect((await cli('rollout', 'resume', 'wave-cap', '--reason', 'mended')).text).toContain('goes on');
    expect((await cli('rollout', 'stop', 'nothing', '--reason', 'x')).failed).toContain('no policy called nothing has a rollout');
  });
});

it('ends with the documented code where it runs as a program', async () => {
  const path = await file('program', cap('program-cap', 'observe'));
  const ran = await new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, ['--conditions=@mailwarden/source', '--import=./scripts/from-source.mjs', 'apps/cli/src/main.ts', 'policy', 'plan', path, '--data', plane.dir], { cwd: WORKSPACE }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }));
  });
  expect(ran).toMatchObject({ code: 1, stderr: '', stdout: expect.stringContaining('program-cap') as string });
});
