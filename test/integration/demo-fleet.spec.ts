import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assess } from '@mailwarden/assessment';
import type { Profile } from '@mailwarden/catalogue';
import { loadHostSettings, loadProfiles } from '@mailwarden/config';
import type { AssessedFinding, Observation, PolicyBundle } from '@mailwarden/contracts';
import { measureHost } from '@mailwarden/inventory-fs';
import { instantOf, type ProfileId, type ServerName, type StoreId } from '@mailwarden/kernel';
import { bundleFor, parsePolicies, type Policy } from '@mailwarden/policy';
import { eventually, startPostgres, type RunningPostgres } from '@mailwarden/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const WORKSPACE = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(WORKSPACE, 'apps/demo-fleet/dist/main.js');
const SERVERS = ['mx-1', 'mx-2', 'mx-3', 'mx-4'] as const;
type Server = (typeof SERVERS)[number];
const LABELS: Readonly<Record<Server, Record<string, string>>> = {
  'mx-1': { role: 'mx', region: 'eu', canary: 'true' },
  'mx-2': { role: 'mx', region: 'eu' },
  'mx-3': { role: 'relay', region: 'eu' },
  'mx-4': { role: 'mx', region: 'us' },
};
/** The promises of the demo's preparation, with room for a machine that does other things too. Units: milliseconds, bytes. */
const PREPARE_MS_MAX = 20_000;
const DISK_BYTES_MAX = 300_000_000;
const WAIT_MS_MAX = 45_000;
/** As many letters as it takes to tell their rate. */
const ENOUGH_BYTES = 1_500_000;

let scratch: string;
let postgres: RunningPostgres;
let profile: Profile;
let policies: Policy[];
let preparedMs: number;
let fleet: { child: ChildProcess; said: () => string } | null = null;

/** Starts the fleet as the runtime does, and waits for its word. */
async function startFleet(): Promise<void> {
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { MAILWARDEN_DEMO_DIR: join(scratch, 'fleet'), MAILWARDEN_DEMO_POLICY_DIR: join(scratch, 'policies'), MAILWARDEN_DEMO_DATABASE_URL: postgres.url, MAILWARDEN_DEMO_DATABASE_PASSWORD_FILE: postgres.passwordFile },
  });
  let said = '';
  let told = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (told += chunk.toString()));
  fleet = { child, said: () => said };
  await new Promise<void>((resolve, reject) => {
    child.once('message', (message) => (message === 'ready' ? resolve() : reject(new Error('another word than ready'))));
    child.once('exit', (code) => reject(new Error(`the fleet ended with ${code} before it was ready: ${told}`)));
  });
}

async function endFleet(signal: NodeJS.Signals): Promise<{ code: number | null; afterMs: number }> {
  const { child } = fleet ?? {};
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return { code: child?.exitCode ?? null, afterMs: 0 };
  const startedAt = Date.now();
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return { code: await ended, afterMs: Date.now() - startedAt };
}

const rootOf = (server: Server): string => join(scratch, 'fleet', server);

async function measure(server: Server): Promise<Observation> {
  const root = rootOf(server);
  return measureHost({ root, profile, hostSettings: await loadHostSettings(root), server: server as unknown as ServerName, hashKey: null, bundleVersion: null, afterOrder: null, now: Date.now });
}

function bundleOf(server: Server): PolicyBundle {
  return bundleFor({ server: server as unknown as ServerName, labels: LABELS[server], profiles: [profile], policies, version: 1, issuedAt: instantOf(Date.now()), expiresAt: instantOf(Date.now() + 60_000) });
}

const judge = (observation: Observation, server: Server): AssessedFinding[] => assess({ observation, profile, bundle: bundleOf(server), effective: [], now: instantOf(Date.now()) });
const judged = async (server: Server): Promise<AssessedFinding[]> => judge(await measure(server), server);
const store = (observation: Observation, id: string): Observation['stores'][number] => {
  const found = observation.stores.find((candidate) => candidate.id === (id as unknown as StoreId));
  if (found === undefined) throw new Error(`the observation has no store ${id}`);
  return found;
};

/** Every file below a folder with what it is known by; names as bytes. */
function filesBelow(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (path: Buffer): void => {
    for (const name of readdirSync(path, { encoding: 'buffer' })) {
      const entry = Buffer.concat([path, Buffer.from('/'), name]);
      const stat = lstatSync(entry);
      if (stat.isDirectory()) visit(entry);
      else found.set(entry.toString('latin1').slice(folder.length), `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.mode} ${stat.uid}`);
    }
  };
  visit(Buffer.from(folder));
  return found;
}

function allocatedBelow(folder: string): number {
  const { stdout } = spawnSync('du', ['-s', '--block-size=1', folder], { encoding: 'utf8' });
  return Number(stdout.split('\t')[0]);
}

beforeAll(async () => {
  const built = spawnSync(process.execPath, [join(WORKSPACE, 'node_modules/@typescript/native/bin/tsc'), '-b', join(WORKSPACE, 'apps/demo-fleet')], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`the demo fleet does not compile:\n${built.stdout}${built.stderr}`);
  scratch = mkdtempSync(join(tmpdir(), 'mailwarden-demo-fleet-'));
  postgres = await startPostgres();
  const profiles = await loadProfiles({});
  const found = profiles.get('kaspersky-klms-8' as unknown as ProfileId);
  if (found === undefined) throw new Error('the profile is not there');
  profile = found;
  const startedAt = Date.now();
  await startFleet();
  preparedMs = Date.now() - startedAt;
  policies = readdirSync(join(scratch, 'policies')).flatMap((name) => {
    const parsed = parsePolicies(readFileSync(join(scratch, 'policies', name), 'utf8'));
    if (!parsed.ok) throw new Error(`${name}: ${JSON.stringify(parsed.error)}`);
    return parsed.value;
  });
});

afterAll(async () => {
  await endFleet('SIGKILL');
  await postgres?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

describe('what the demo fleet shows', () => {
  it('says ready once and in time, and keeps to its disk room', () => {
    expect(preparedMs).toBeLessThan(PREPARE_MS_MAX);
    expect(fleet?.said()).toBe('ready\n');
    expect(allocatedBelow(join(scratch, 'fleet'))).toBeLessThan(DISK_BYTES_MAX);
  });

  it('mx-1 is in order: nothing above a remark, and everything was measured', async () => {
    const observation = await measure('mx-1');
    expect(judge(observation, 'mx-1').filter(({ severity }) => severity !== 'info')).toEqual([]);
    expect(observation.product.version).toMatchObject({ known: true, value: '8.0.3.30' });
    expect(observation.serviceStartedAt.known).toBe(true);
    expect(observation.ksn).toMatchObject({ known: true, value: 'off' });
    expect(observation.settings['dumps']).toMatchObject({ known: true, value: 'off' });
    expect(observation.licence).toMatchObject({ known: true, value: { status: 'active' } });
    for (const id of ['reports', 'trace-log', 'event-log', 'audit-log', 'backup', 'antispam-quarantine', 'kata-quarantine']) {
      const measured = store(observation, id);
      expect(measured.items.known && measured.items.value, id).toBeGreaterThan(5);
      expect(measured.unknown, id).toEqual([]);
    }
    expect(observation.agreements.find(({ id }) => id === 'eula')?.recorded).toMatchObject({ known: true, value: { accepted: true, byAnswerFile: false } });
    expect(observation.agreements.find(({ id }) => id === 'ksn-statement')?.recorded).toMatchObject({ known: true, value: { accepted: false } });
    expect(observation.agreements.every(({ textSha256 }) => textSha256.known)).toBe(true);
  });

  it('mx-1 stays in order while mail keeps arriving: halves of a letter are never taken for orphans', { timeout: 60_000 }, async () => {
    const first = store(await measure('mx-1'), 'backup');
    await eventually('letters on mx-1', WAIT_MS_MAX, async () => {
      const observation = await measure('mx-1');
      expect(judge(observation, 'mx-1').filter(({ severity }) => severity !== 'info')).toEqual([]);
      const { items } = store(observation, 'backup');
      return items.known && first.items.known && items.value >= first.items.value + 3 ? true : undefined;
    });
  });

  it('mx-2 is over four limits of policy, and a hold covers the oldest of its spam', async () => {
    const observation = await measure('mx-2');
    const over = judge(observation, 'mx-2').filter(({ code }) => code === 'over-limit');
    expect(over.map((finding) => finding.store).sort()).toEqual(['antispam-quarantine', 'backup', 'event-log', 'trace-log']);
    expect(new Set(over.map(({ severity }) => severity))).toEqual(new Set(['high']));
    const bundle = bundleOf('mx-2');
    expect(bundle.rules.filter((rule) => rule.mode === 'enforce').map((rule) => rule.store).sort()).toEqual(['antispam-quarantine', 'backup', 'event-log', 'trace-log']);
    expect(bundle.holds.map((hold) => hold.id)).toEqual(['case-2024-17']);
    expect(bundle.scanIntervalSeconds).toBe(5);
    const [hold] = bundle.holds;
    const folder = join(rootOf('mx-2'), 'var/opt/kaspersky/klms/asp_quarantine');
    const ages = readdirSync(folder, { encoding: 'buffer' }).map((name) => lstatSync(Buffer.concat([Buffer.from(`${folder}/`), name])).mtimeMs).sort((a, b) => a - b);
    const held = ages.filter((at) => at >= Date.parse(hold?.from ?? '') && at <= Date.parse(hold?.until ?? ''));
    expect(held).toHaveLength(6);
    expect(ages[0]).toBe(held[0]);
    for (const server of ['mx-1', 'mx-3', 'mx-4'] as const) expect(bundleOf(server).rules.filter((rule) => rule.mode === 'enforce')).toEqual([]);
  });

  it('mx-2 fills up fast enough to pass a limit again in a minute or two', { timeout: 60_000 }, async () => {
    const backupBytes = async (): Promise<number> => {
      const { bytesAllocated } = store(await measure('mx-2'), 'backup');
      return bytesAllocated.known ? bytesAllocated.value : 0;
    };
    const [startBytes, startedAt] = [await backupBytes(), Date.now()];
    const perMinute = await eventually('letters on mx-2', WAIT_MS_MAX, async () => {
      const grown = (await backupBytes()) - startBytes;
      return grown > ENOUGH_BYTES ? (grown * 60_000) / (Date.now() - startedAt) : undefined;
    });
    expect(perMinute).toBeGreaterThan(2_500_000);
    expect(perMinute).toBeLessThan(16_000_000);
  });

  it('mx-3 has dumps, an open work folder, open letters, orphans, leftovers and a licence that ends', async () => {
    const findings = await judged('mx-3');
    const codes = findings.map(({ code, store: of, subject }) => `${code} ${of ?? ''} ${subject}`.trim());
    expect(codes).toEqual(expect.arrayContaining(['dump-switched-on dumps', 'dump-present dumps', 'access-too-wide temporary mode everyone', 'access-too-wide backup mode everyone', 'orphaned-halves backup', 'leftover-files temporary', 'licence-expires-soon']));
    expect(findings.find(({ code, store: of }) => code === 'access-too-wide' && (of as string | null) === 'backup')?.message).toContain('read 14 entries');
    const observation = await measure('mx-3');
    expect(store(observation, 'backup').orphans).toMatchObject({ known: true, value: { filesWithoutRow: 5, rowsWithoutFile: 4 } });
    expect(store(observation, 'temporary').leftovers).toMatchObject({ known: true, value: { items: 9 } });
    expect(findings.find(({ code }) => code === 'licence-expires-soon')?.message).toContain('12 days');
  });

  it('mx-4 sends KSN data, accepted its agreements by a file, and traces into the mail log', async () => {
    const observation = await measure('mx-4');
    const findings = judge(observation, 'mx-4');
    expect(findings.filter(({ code }) => code === 'consent-by-answer-file').map(({ subject }) => subject).sort()).toEqual(['eula', 'ksn-statement']);
    expect(observation.ksn).toMatchObject({ known: true, value: 'extended' });
    expect(observation.flows.filter(({ configured }) => configured.known && configured.value).map(({ id }) => id)).toEqual(['ksn', 'ksn-statistics']);
    expect(observation.settings['trace-destination']).toMatchObject({ known: true, value: 'syslog' });
    expect(findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['over-age', 'log-elsewhere']));
    expect(store(observation, 'trace-log')).toMatchObject({ inSystemLog: { known: true, value: { files: 1, lines: 2_000 } }, rotationRules: [{ tool: 'logrotate', says: 'weekly, keeps 4, compresses', lastRanAt: { known: true } }] });
  });

  it('names files as hostile mail does', () => {
    const names = SERVERS.flatMap((server) => [...filesBelow(rootOf(server)).keys()]);
    const notText = names.filter((name) => !Buffer.from(Buffer.from(name, 'latin1').toString('utf8')).equals(Buffer.from(name, 'latin1')));
    expect(notText.length).toBeGreaterThan(5);
    for (const part of ['\n', '/-rf', '/=', '"', "'", '\u202e', '..%2f', 'longlong']) expect(names.some((name) => Buffer.from(name, 'latin1').toString('utf8').includes(part)), JSON.stringify(part)).toBe(true);
  });
});

describe('the life of the fleet', () => {
  it('ends within a second on a signal, and a second start leaves the trees as they are', async () => {
    const ended = await endFleet('SIGTERM');
    expect(ended.code).toBe(0);
    expect(ended.afterMs).toBeLessThan(1_000);
    const before = new Map(SERVERS.map((server) => [server, filesBelow(rootOf(server))]));
    const startedAt = Date.now();
    await startFleet();
    expect(Date.now() - startedAt).toBeLessThan(3_000);
    await endFleet('SIGKILL');
    // The service's own: its pid file, what it had in processing, and the log that it goes on with.
    const moves = /^\/(?:var\/run\/klms\/klms\.pid$|tmp\/|srv\/klms\/work\/|var\/log\/kaspersky\/klms\/klms-trace\.log$)/;
    for (const [server, files] of before) {
      const after = filesBelow(rootOf(server));
      for (const [path, identity] of files) if (!moves.test(path)) expect(after.get(path), `${server} ${JSON.stringify(path)}`).toBe(identity);
    }
  });

  it('mends the halves that a kill -9 left, and makes a server anew whose preparation was cut short', async () => {
    unlinkSync(join(rootOf('mx-4'), 'etc/mailwarden/demo-prepared'));
    rmSync(join(rootOf('mx-4'), 'etc/passwd'));
    const lost = [...filesBelow(join(rootOf('mx-1'), 'var/opt/kaspersky/klms/kata_quarantine')).keys()][0] ?? '';
    unlinkSync(Buffer.concat([Buffer.from(join(rootOf('mx-1'), 'var/opt/kaspersky/klms/kata_quarantine')), Buffer.from(lost, 'latin1')]));
    expect((await judged('mx-1')).map(({ code }) => code)).toContain('orphaned-halves');
    await startFleet();
    expect(existsSync(join(rootOf('mx-4'), 'etc/passwd'))).toBe(true);
    expect((await judged('mx-4')).map(({ code }) => code)).toContain('consent-by-answer-file');
    expect((await judged('mx-1')).filter(({ severity }) => severity !== 'info')).toEqual([]);
    expect((await judged('mx-3')).map(({ code }) => code)).toContain('orphaned-halves');
  });

  it('goes on when the database comes back after a crash', { timeout: 60_000 }, async () => {
    await postgres.kill();
    await eventually('the database is missed', WAIT_MS_MAX, async () => ((await measure('mx-1')).stores.some(({ unknown }) => unknown.length > 0) ? true : undefined));
    await postgres.start();
    const first = store(await measure('mx-1'), 'backup');
    await eventually('letters after the crash', WAIT_MS_MAX, async () => {
      const { items } = store(await measure('mx-1'), 'backup');
      return items.known && first.items.known && items.value > first.items.value ? true : undefined;
    });
    expect((await judged('mx-1')).filter(({ severity }) => severity !== 'info')).toEqual([]);
  });
});
