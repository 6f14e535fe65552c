import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePrivate } from '@mailwarden/identity';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADDRESS_FILE, ApiClient, TOKEN_FILE } from '../api-client.js';
import { PLAIN } from '../output/terminal.js';
import { layoutOf } from '../runtime/layout.js';
import { openLog, trimLog } from '../runtime/log-files.js';
import { identityOf } from '../runtime/process-identity.js';
import { readRunRecord, writeRunRecord, type RunRecord } from '../runtime/run-record.js';
import { down } from './down.js';
import { requireOwnDataFolder } from './own-data-folder.js';

const isRoot = process.getuid?.() === 0;
const STRANGER = 54_321;
const SECRET = 'what root alone may read';

let dir = '';
let data = '';
const ending: (() => void)[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mailwarden-own-data-'));
  data = join(dir, '.mailwarden');
  mkdirSync(data, { mode: 0o711 });
});
afterEach(() => {
  for (const end of ending.splice(0)) end();
  rmSync(dir, { recursive: true });
});

const context = () => ({ dataDir: data, format: 'json', style: PLAIN, print: () => undefined }) as const;

function recordOf(child: ChildProcess): RunRecord {
  const supervisor = identityOf(child.pid ?? 0) ?? { pid: 1, startTicks: 0 };
  return { schema: 'mailwarden/runtime/v1', version: '1', supervisor, demo: false, ready: true, startedAt: '', url: '', bus: { url: '', ca: '', siemCreds: '', siemName: '' }, processes: [] };
}

function running(): ChildProcess {
  const child = spawn('/bin/sleep', ['60']);
  ending.push(() => child.kill('SIGKILL'));
  return child;
}

/** A console of somebody else, and what it was told. */
async function listener(heard: IncomingMessage[]): Promise<string> {
  const server: Server = createServer((request, reply) => {
    heard.push(request);
    reply.end('{}');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  ending.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe.runIf(isRoot)(`a data folder of somebody else${isRoot ? '' : ' (skipped: giving files away needs the super-user)'}`, () => {
  it.each<[string, () => void, RegExp]>([
    ['that belongs to another account', () => chownSync(data, STRANGER, STRANGER), /\.mailwarden belongs to another account/],
    ['that others may write in', () => chmodSync(data, 0o777), /others than its owner may write in .*\.mailwarden/],
    ['that a group may write in', () => chmodSync(data, 0o770), /others than its owner may write in .*\.mailwarden/],
    ['in a folder of another account', () => chownSync(dir, STRANGER, STRANGER), /mailwarden-own-data-\w+ belongs to another account/],
    ['in a folder that others may write in', () => chmodSync(dir, 0o777), /others than its owner may write in/],
  ])('%s is refused, with what to do', (_how, open, why) => {
    expect(() => requireOwnDataFolder(data)).not.toThrow();
    open();
    expect(() => requireOwnDataFolder(data)).toThrow(why);
    expect(() => requireOwnDataFolder(data)).toThrow(expect.objectContaining({ advice: expect.stringContaining('--data') }));
  });

  it('gets no token of root by a link, and no process ended', async () => {
    const heard: IncomingMessage[] = [];
    const victim = running();
    writeFileSync(join(dir, 'secret'), SECRET, { mode: 0o600 });
    writeFileSync(join(data, ADDRESS_FILE), JSON.stringify({ url: await listener(heard) }), { mode: 0o600 });
    symlinkSync(join(dir, 'secret'), join(data, TOKEN_FILE));
    writeRunRecord(layoutOf(data), recordOf(victim));
    for (const path of [data, join(data, ADDRESS_FILE), layoutOf(data).record]) chownSync(path, STRANGER, STRANGER);
    await expect(ApiClient.forRuntime(data).then((client) => client.ask('fleet'))).rejects.toThrow(/is not used/);
    await expect(down(context())).rejects.toThrow(/is not used/);
    expect([heard.length, victim.signalCode, existsSync(layoutOf(data).record)]).toEqual([0, null, true]);
  });

  it('gets none either where only the files are of somebody else', async () => {
    const heard: IncomingMessage[] = [];
    writeFileSync(join(dir, 'secret'), SECRET, { mode: 0o600 });
    writeFileSync(join(data, ADDRESS_FILE), JSON.stringify({ url: await listener(heard) }), { mode: 0o600 });
    symlinkSync(join(dir, 'secret'), join(data, TOKEN_FILE));
    await expect(ApiClient.forRuntime(data)).rejects.toThrow(/nothing runs/);
    writeRunRecord(layoutOf(data), recordOf(running()));
    expect(await readRunRecord(layoutOf(data))).not.toBeNull();
    chownSync(layoutOf(data).record, STRANGER, STRANGER);
    expect(await readRunRecord(layoutOf(data))).toBeNull();
    expect(heard).toEqual([]);
  });
});

describe('what a runtime writes', () => {
  it('is never written through a link', async () => {
    const other = join(dir, 'other');
    writeFileSync(other, SECRET);
    const { record, logs, secrets } = layoutOf(data);
    for (const folder of [logs, secrets]) mkdirSync(folder);
    for (const place of [`${record}.new`, join(logs, 'runtime.log'), join(secrets, 'key.part')]) symlinkSync(other, place);
    writeRunRecord({ record }, recordOf(running()));
    await writePrivate(join(secrets, 'key'), 'x');
    expect(() => openLog(logs, 'runtime')).toThrow(/ELOOP/);
    trimLog(logs, 'runtime');
    expect(readFileSync(other, 'utf8')).toBe(SECRET);
    expect([readFileSync(join(secrets, 'key'), 'utf8'), (await readRunRecord({ record }))?.ready]).toEqual(['x', true]);
  });
});
