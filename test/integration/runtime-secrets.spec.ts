import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { eventually } from '@mailwarden/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DemoRuntime } from '../e2e/demo-runtime.js';

const GROUP_OR_OTHERS = 0o077;
const READY_MS_MAX = 240_000;
const SECRET_CHARACTERS_MIN = 16;
/** Open to others, and why: the data folder lets the account of the database server through, and the numbers of ports are no secret. */
const OPEN = new Set(['', 'ports.json']);
/** Behind a folder of their owner's alone: policies are written by hand, the demo's trees have the modes of a mail server. */
const BEHIND_A_SHUT_FOLDER = new Set(['policies', 'demo']);

async function below(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const lists = await Promise.all(entries.map((entry) => (entry.isDirectory() ? below(join(folder, entry.name)) : Promise.resolve([]))));
  return [...entries.map((entry) => join(folder, entry.name)), ...lists.flat()];
}

/** What each process was told at its start: its command and its environment. */
async function startOf(pid: number): Promise<string> {
  const [command, environment] = await Promise.all(['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '')));
  return `${command ?? ''}\n${environment ?? ''}`.replaceAll('\0', ' ');
}

async function descendantsOf(root: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => '');
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0));
  }
  const found = new Set([root]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const [pid, parent] of parents) if (found.has(parent) && !found.has(pid)) grown = Boolean(found.add(pid));
  }
  return [...found];
}

describe('secrets of a runtime on one machine', () => {
  let demo: DemoRuntime;
  const secrets = new Map<string, string>();

  beforeAll(async () => {
    demo = await DemoRuntime.start();
    await eventually('the agents have spoken', READY_MS_MAX, async () => ((await demo.ask('fleet')).servers.every(({ lastObservedAt }) => lastObservedAt !== null) ? true : undefined));
    const files = [join(demo.dataDir, 'cli-token'), ...(await below(join(demo.dataDir, 'secrets'))), ...(await below(join(demo.dataDir, 'identity')))];
    for (const file of files) {
      if (!/(?:\.seed|\.creds|\.pem|\.key|\.password|sign-in-link|cli-token)$/.test(file) || /(?:\/ca|\/bus)\.pem$/.test(file)) continue;
      const text = await readFile(file, 'utf8');
      // The longest line without dashes is the secret itself: what stands around it is form.
      for (const line of text.split('\n').filter((candidate) => !candidate.includes('---') && candidate.trim().length >= SECRET_CHARACTERS_MIN)) secrets.set(line.trim(), relative(demo.dataDir, file));
    }
    secrets.set(demo.signInLink.split('#link=')[1] ?? '', 'the printed link');
  }, READY_MS_MAX);
  afterAll(() => demo?.remove());

  const told = (text: string): string[] => [...secrets].filter(([secret]) => text.includes(secret)).map(([, file]) => file);

  it('lets nobody but its owner read or write anything that it keeps', async () => {
    expect(secrets.size).toBeGreaterThan(30);
    // What is looked for would be found.
    for (const [secret, file] of secrets) expect(told(`x ${secret} y`)).toContain(file);
    const open: string[] = [];
    for (const path of [demo.dataDir, ...(await below(demo.dataDir))]) {
      const name = relative(demo.dataDir, path);
      const top = name.split('/')[0] ?? '';
      if (OPEN.has(name) || (BEHIND_A_SHUT_FOLDER.has(top) && name !== top)) continue;
      const stat = await lstat(path).catch(() => null);
      if (stat !== null && !stat.isSymbolicLink() && (stat.mode & GROUP_OR_OTHERS) !== 0) open.push(`${(stat.mode & 0o777).toString(8)} ${name}`);
    }
    expect(open).toEqual([]);
    // Others may pass through the data folder, but neither list nor write it.
    expect((await lstat(demo.dataDir)).mode & 0o066).toBe(0);
  });

  it('tells no process a secret by its command or its environment', async () => {
    const pids = await descendantsOf(demo.pid);
    const starts = await Promise.all(pids.map(startOf));
    expect(starts.filter((start) => start.includes('MAILWARDEN_')).length).toBeGreaterThan(5);
    for (const start of starts) expect(told(start)).toEqual([]);
    expect(starts.join('\n')).not.toMatch(/PGPASSWORD|SUAM|SUAC|-----BEGIN/);
  });

  it('writes no secret into a log', async () => {
    const logs = await below(join(demo.dataDir, 'logs'));
    expect(logs.length).toBeGreaterThan(5);
    for (const file of logs) expect(`${relative(demo.dataDir, file)}: ${told(await readFile(file, 'utf8')).join()}`).toBe(`${relative(demo.dataDir, file)}: `);
  });

  it('writes no address of a letter and no name of a stored file into a log', async () => {
    const names = (await below(join(demo.dataDir, 'demo'))).map((path) => path.slice(path.lastIndexOf('/') + 1)).filter((name) => name.endsWith('.eml'));
    expect(names.length).toBeGreaterThan(100);
    for (const file of await below(join(demo.dataDir, 'logs'))) {
      const text = await readFile(file, 'utf8');
      expect(/[\w.-]+@(?:[\w-]+\.)?example\.(?:org|net)/.exec(text)?.[0] ?? null, file).toBeNull();
      expect(names.filter((name) => text.includes(name)), file).toEqual([]);
    }
  });
});
