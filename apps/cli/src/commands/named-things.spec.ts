import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerRow } from '@mailwarden/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandFailure } from '../failure.js';
import { alike, reachWords, scopeFrom } from './consent.js';
import { makeDataFolder } from './data-folder.js';
import { detailText } from './events.js';
import { hostRoot } from './host-root.js';
import { readFileToActOn, readNamedFile } from './named-file.js';
import { knownServer, orderByStart } from './named-things.js';

const row = (server: string, labels: Readonly<Record<string, string>>): Pick<ServerRow, 'server' | 'labels'> => ({ server: server as ServerRow['server'], labels });
const SERVERS = [row('mx-1', { role: 'mx' }), row('mx-2', { role: 'relay' })];

function adviceOf(work: () => unknown): string {
  try {
    work();
  } catch (cause) {
    if (cause instanceof CommandFailure) return `${cause.message}; ${cause.advice}`;
    throw cause;
  }
  return 'no failure';
}

describe('a name that was mistyped', () => {
  it('is told as such, with the names that there are', () => {
    expect(knownServer(SERVERS, 'mx-2')).toBe('mx-2');
    expect(adviceOf(() => knownServer(SERVERS, 'mx-9'))).toBe('no server of this fleet is called mx-9; it has: mx-1, mx-2');
    expect(adviceOf(() => knownServer(SERVERS, '../etc'))).toContain('no server of this fleet is called ../etc');
  });

  it('gets no decision', () => {
    expect(scopeFrom({ server: 'mx-1' }, SERVERS)).toEqual({ kind: 'server', server: 'mx-1' });
    expect(scopeFrom({}, SERVERS)).toEqual({ kind: 'organisation' });
    expect(adviceOf(() => scopeFrom({ server: 'mx-9' }, SERVERS))).toContain('no server of this fleet');
    expect(adviceOf(() => scopeFrom({ group: 'role' }, SERVERS))).toContain('--group role=mx');
    expect(adviceOf(() => scopeFrom({ group: '=mx' }, SERVERS))).toContain('--group role=mx');
    expect(adviceOf(() => scopeFrom({ group: 'role=mx', server: 'mx-1' }, SERVERS))).toContain('not both');
  });
});

it('says whom a decision reaches', () => {
  expect(reachWords({ kind: 'organisation' }, SERVERS)).toBe('the organisation, 2 servers');
  expect(reachWords({ kind: 'group', label: 'role', value: 'mx' }, SERVERS)).toBe('servers with role=mx: mx-1');
  expect(reachWords({ kind: 'group', label: 'role', value: 'mxx' }, SERVERS)).toContain('none bears this label now');
});

it('puts servers that stand the same on one line', () => {
  const effective = ['mx-1', 'mx-2'].map((server) => ({ agreement: 'eula', server, state: 'granted', because: 'granted for organisation' })) as unknown as Parameters<typeof alike>[0];
  expect(alike(effective)).toEqual([{ agreement: 'eula', state: 'granted', because: 'granted for organisation', servers: ['mx-1', 'mx-2'] }]);
});

describe('an order', () => {
  const orders = ['f3f6c883-8fe3-4144-add5-95e5d41fe079', 'f3f6c990-d494-471f-a4e6-a375f6fb8585'].map((id) => ({ order: { id } })) as unknown as Parameters<typeof orderByStart>[0];
  it('is found by the start of its id', () => expect(orderByStart(orders, 'F3F6C8')).toBe('f3f6c883-8fe3-4144-add5-95e5d41fe079'));
  it('is never guessed', () => {
    expect(adviceOf(() => orderByStart(orders, 'f3f6'))).toContain('2 orders begin with f3f6');
    expect(adviceOf(() => orderByStart(orders, 'nope'))).toContain('no order begins with nope');
    expect(adviceOf(() => orderByStart(orders, ''))).toContain('no order begins');
  });
});

it('tells an event in words, and leaves proofs to programs', () => {
  expect(detailText({ store: 'backup', message: 'two words', signature: 'xyz', nothing: null, items: 3 })).toBe('store=backup message="two words" items=3');
});

describe('paths of the command line', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'mailwarden-cli-paths-'));
    writeFileSync(join(dir, 'file'), 'x');
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('are named as they were typed when they cannot be read', async () => {
    await expect(readNamedFile(join(dir, 'absent.yaml'), 'profile')).rejects.toMatchObject({ message: `${dir}/absent.yaml cannot be read: there is no such file` });
    await expect(readNamedFile(dir, 'policy')).rejects.toMatchObject({ message: `${dir} cannot be read: it is a folder`, advice: 'name a policy file, as ./my-policy.yaml' });
  });

  it('are not acted on when others may have written the file', async () => {
    const file = join(dir, 'open.yaml');
    writeFileSync(file, 'x');
    chmodSync(file, 0o666);
    await expect(readFileToActOn(file, 'profile')).rejects.toMatchObject({ message: expect.stringContaining('can be written by others') as string });
    chmodSync(file, 0o600);
    await expect(readFileToActOn(file, 'profile')).resolves.toBe('x');
  });

  it('of a host are folders', () => {
    expect(hostRoot(dir)).toBe(dir);
    expect(adviceOf(() => hostRoot(join(dir, 'absent')))).toContain('there is no such folder');
    expect(adviceOf(() => hostRoot(join(dir, 'file')))).toContain('it is no folder');
  });

  it('of a data folder are made, or refused at once where no folder can be', () => {
    makeDataFolder(join(dir, 'a/b'));
    expect(statSync(join(dir, 'a/b')).isDirectory()).toBe(true);
    expect(adviceOf(() => makeDataFolder('/proc/mailwarden'))).toContain('no folder can be made there');
    expect(adviceOf(() => makeDataFolder(join(dir, 'file/b')))).toContain('a part of its path is no folder');
  });
});
