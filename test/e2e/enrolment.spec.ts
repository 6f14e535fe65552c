import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@mailwarden/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HERE, missingForNetworks, Networks } from '../integration/egress-namespaces.js';
import { DemoRuntime, WORKSPACE, type CommandResult } from './demo-runtime.js';

/** The account that the agent runs as on the other server. It reads everything and writes nothing but its own folder. */
const ACCOUNT = 60_679;
const AGENT = join(WORKSPACE, 'bin/mailwarden-agent');
const SEEN_MS = 60_000;
const CUT_MS = 20_000;

const missing = missingForNetworks();

describe.skipIf(missing !== null)(`a server of another network, account and folder${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let networks: Networks;
  let runtime: DemoRuntime;
  let folder = '';
  let agent: ChildProcess | null = null;

  const there = (): string[] => ['/usr/bin/nsenter', `--net=${networks.there}`, '--', '/usr/bin/setpriv', `--reuid=${ACCOUNT}`, `--regid=${ACCOUNT}`, '--clear-groups', '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
  const environment = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' };
  const onServer = (...args: string[]): Promise<CommandResult> =>
    new Promise((resolve) => {
      const [program = '', ...before] = there();
      execFile(program, [...before, AGENT, ...args], { env: environment, cwd: '/' }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }));
    });
  const fleet = async (): Promise<{ server: string; agent: string; labels: Record<string, string> }[]> => {
    const { stdout, stderr } = await runtime.run('fleet', '--format', 'json');
    try {
      return (JSON.parse(stdout) as { servers: { server: string; agent: string; labels: Record<string, string> }[] }).servers;
    } catch {
      throw new Error(`fleet said: ${stdout}${stderr}`);
    }
  };
  const connections = (): Promise<string> => new Promise((resolve) => execFile('/usr/bin/nsenter', [`--net=${networks.there}`, '--', 'ss', '-Htn', 'state', 'established', 'dst', HERE.v4], (_error, stdout) => resolve(stdout.trim())));

  beforeAll(async () => {
    networks = await Networks.make();
    folder = mkdtempSync(join(tmpdir(), 'mailwarden-elsewhere-'));
    chownSync(folder, ACCOUNT, ACCOUNT);
    mkdirSync(join(folder, 'root/var/opt/kaspersky/klms/reports'), { recursive: true });
    writeFileSync(join(folder, 'root/var/opt/kaspersky/klms/reports/report'), 'a report');
    runtime = await DemoRuntime.start({ arguments: ['--bus-address', HERE.v4], within: ['/usr/bin/nsenter', `--net=${networks.here}`, '--'] });
  }, 300_000);

  afterAll(async () => {
    agent?.kill('SIGKILL');
    await runtime?.remove();
    await networks?.end();
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  it('is enrolled by the commands of the docs, is heard and measured', async () => {
    const token = join(folder, 'mx-3.token');
    const made = await runtime.run('enrol', 'token', '--expires', '2 hours', '--label', 'site=berlin', '--profile', 'kaspersky-klms-8', '--from', '10.77.0.0/24', '--output', token);
    expect(made, made.stderr).toMatchObject({ code: 0 });
    chownSync(token, ACCOUNT, ACCOUNT);
    const enrolled = await onServer('enrol', '--token-file', token, '--name', 'mx-3', '--root', join(folder, 'root'), '--dir', join(folder, 'etc'), '--state', join(folder, 'state'));
    expect(enrolled, enrolled.stderr).toMatchObject({ code: 0 });
    expect(enrolled.stdout).toContain('Enrolled as mx-3');
    const again = await onServer('enrol', '--token-file', token, '--name', 'mx-4', '--root', join(folder, 'root'), '--dir', join(folder, 'etc-4'), '--state', join(folder, 'state-4'));
    expect(again).toMatchObject({ code: 1 });
    expect(again.stderr).toContain('every use of this token is spent');

    const [program = '', ...before] = there();
    agent = spawn(program, [...before, AGENT, 'run', '--settings', join(folder, 'etc/agent.json')], { env: environment, cwd: '/', stdio: ['ignore', 'ignore', 'inherit'] });
    await eventually('it is heard, with its label', SEEN_MS, async () => (await fleet()).find(({ server, agent: state, labels }) => server === 'mx-3' && state === 'live' && labels['site'] === 'berlin'));
    await eventually('it is measured', SEEN_MS, async () => ((await runtime.run('server', 'mx-3')).stdout.includes('Reports') ? true : undefined));
  }, 180_000);

  it('is out again by one command: its connection is cut, and it does not come back', async () => {
    expect(await connections()).not.toBe('');
    const before = Date.now();
    const revoked = await runtime.run('enrol', 'revoke', 'mx-3', '--reason', 'the suite says so');
    expect(revoked, revoked.stderr).toMatchObject({ code: 0 });
    await eventually('no connection is left', CUT_MS, async () => ((await connections()) === '' ? true : undefined));
    expect(Date.now() - before).toBeLessThan(CUT_MS);
    // It tries again all the time, and is refused each time.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(agent?.exitCode).toBeNull();
    expect((await fleet()).map(({ server }) => server)).not.toContain('mx-3');
    expect(readFileSync(join(folder, 'etc/agent.json'), 'utf8')).toContain('mx-3');
    expect((await runtime.run('events', 'tail', '--no-follow', '--format', 'json')).stdout).toContain('server.removed');
  }, 60_000);
});
