import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startOwnEngine } from '../../scripts/containers/own-engine.ts';

const { MAILWARDEN_CONTAINER_ENGINE: programs, MAILWARDEN_NO_CONTAINERS: reason } = process.env;
const skipped = programs === undefined;
const OWN_ENGINE = fileURLToPath(new URL('../../scripts/containers/own-engine.ts', import.meta.url));
const GONE_MS_MAX = 10_000;
const LOOK_EVERY_MS = 50;

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** What engines are known to change outside their own folder. */
const machineNow = (): unknown => ({
  forwarding: textOf('/proc/sys/net/ipv4/ip_forward'),
  folders: ['/etc/docker', '/opt/containerd', '/run/containerd', '/run/docker', '/var/lib/docker', '/var/lib/containerd', '/etc/cni'].filter((path) => existsSync(path)),
});

/** What of an engine can still be seen from outside: processes that name its folder, the folder, bridges, control groups, mounts. */
function tracesOf(folder: string, bridges: readonly string[]): string[] {
  const commands = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => textOf(`/proc/${name}/cmdline`).replaceAll('\0', ' '));
  return [
    ...commands.filter((command) => command.includes(folder)),
    ...(existsSync(folder) ? [folder] : []),
    ...bridgesNow().filter((name) => !bridges.includes(name)),
    ...readFileSync('/proc/self/mounts', 'utf8').split('\n').filter((line) => line.includes(folder)),
  ];
}

const bridgesNow = (): string[] => readdirSync('/sys/class/net').filter((name) => name.startsWith('mwtest'));

/** Polls, because what ends is the kernel's and another process's to end. */
async function untilGone(folder: string, bridges: readonly string[]): Promise<string[]> {
  const until = Date.now() + GONE_MS_MAX;
  let left = tracesOf(folder, bridges);
  while (left.length > 0 && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    left = tracesOf(folder, bridges);
  }
  return left;
}

const firstLine = (child: ChildProcess): Promise<string> => new Promise((resolve, reject) => {
  child.stdout?.once('data', (bytes: Buffer) => resolve(bytes.toString().trim()));
  child.once('exit', (code) => reject(new Error(`the starter ended with ${code}`)));
});

describe.skipIf(skipped)(`an engine of our own${skipped ? ` (skipped: ${reason ?? 'another engine is used; run bin/test containers as root where none runs'})` : ''}`, () => {
  it('answers beside another one, and is gone without a trace when it is ended', async () => {
    const bridges = bridgesNow();
    const machine = machineNow();
    const engine = await startOwnEngine(programs ?? '');
    const folder = dirname(engine.dockerHost.replace('unix://', ''));
    expect(engine.version).toMatch(/^\d+\./);
    expect(tracesOf(folder, bridges).length).toBeGreaterThan(3);
    await engine.end();
    expect(tracesOf(folder, bridges)).toEqual([]);
    expect(machineNow()).toEqual(machine);
  });

  it('is gone as well when the one who started it is killed', async () => {
    const bridges = bridgesNow();
    const script = `import { startOwnEngine } from ${JSON.stringify(OWN_ENGINE)}; const engine = await startOwnEngine(${JSON.stringify(programs)}); console.log(engine.dockerHost);`;
    const starter = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const folder = dirname((await firstLine(starter)).replace('unix://', ''));
    starter.kill('SIGKILL');
    expect(await untilGone(folder, bridges)).toEqual([]);
  });

  it('says in its own words why it cannot start', async () => {
    await expect(startOwnEngine(join('/', 'no', 'such', 'folder'))).rejects.toThrow(/dockerd/);
  });
});
