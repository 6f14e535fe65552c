import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RotationOrder } from '@mailwarden/contracts';
import { lockFile } from '@mailwarden/linux';
import type { StepWatch } from '@mailwarden/rotation-fs';
import { afterEach, describe, expect, it } from 'vitest';
import { LogHost } from '../integration/log-host.js';

const RECORDS = 'kind: records, line-records: true, clock: recorded, active: [ "/var/log/acme/acme.log" ], rotate-active: { by: reopen-signal, signal: HUP, process: { pid-file: /run/acme.pid }, source: here }';
const HOUR_MS = 3_600_000;
const START = Date.parse('2024-01-01T00:00:00Z');
/** A file system that takes no blocks out of files. */
const NO_CUTS = '/dev/shm';
const MADE = 1_000;
const KEPT = 500;
const FRESH = 'a line of the new file\n';
const FOREIGN = "another file of root's";

let host: LogHost;
afterEach(() => host.remove());

const line = (number: number): string => `${new Date(START + number * HOUR_MS).toISOString()} acme[1]: line ${number} x\n`;
const many = (from: number, until: number): string => Array.from({ length: until - from }, (_, index) => line(from + index)).join('');
const crashAt = (step: string): StepWatch => (at) => {
  if (at === step) throw new Error(`crash at ${step}`);
};
const ownFolder = ({ id }: RotationOrder): string => join(host.logs, `.mailwarden-${id}`);
function given(text = many(0, MADE)): RotationOrder {
  host = new LogHost(RECORDS, NO_CUTS);
  writeFileSync(host.log, text);
  return host.order({ watermarks: [{ kind: 'records', limit: KEPT, target: KEPT }], clock: 'recorded' });
}
/** As who may rename in the store's folder puts a folder of root's in the place of ours. */
function swapFolder(order: RotationOrder): void {
  if (existsSync(ownFolder(order))) renameSync(ownFolder(order), join(host.root, 'aside'));
  mkdirSync(ownFolder(order), { mode: 0o700 });
  writeFileSync(join(ownFolder(order), '0'), FOREIGN, { mode: 0o600 });
}

describe.runIf(existsSync(NO_CUTS))('a file that is written anew', () => {
  it.each([['before it', null], ['while it was cut short', 'lines-written'], ['when the names had changed places', 'lines-swapped']] as const)("takes nothing from a folder of root's that was put in the place of our own %s", async (_what, step) => {
    const order = given();
    if (step !== null) await expect(host.rotate(order, crashAt(step))).rejects.toThrow('crash');
    swapFolder(order);
    const receipt = await host.rotate(order);
    expect(receipt).toMatchObject({ outcome: 'failed', deleted: { items: 0 } });
    expect(receipt.notes?.[0]).toMatch(step === 'lines-written' || step === null ? /somebody else made it/ : /it is not known whether the last of them left/);
    expect(readFileSync(join(ownFolder(order), '0'), 'latin1')).toBe(FOREIGN);
  });

  it("takes no file of somebody else's for its own copy", async () => {
    const order = given();
    await expect(host.rotate(order, crashAt('lines-written'))).rejects.toThrow('crash');
    rmSync(join(ownFolder(order), '0'));
    writeFileSync(join(ownFolder(order), '0'), FOREIGN);
    await host.rotate(order).catch(() => null);
    expect([join(ownFolder(order), '0'), ...host.names.map((name) => join(host.logs, name))].filter((path) => existsSync(path) && statSync(path).isFile()).map((path) => readFileSync(path, 'latin1'))).toContain(FOREIGN);
  });

  it('leaves no copy where somebody gave the file another name meanwhile', async () => {
    const order = given();
    const receipt = await host.rotate(order, (at) => {
      if (at !== 'lines-written') return;
      renameSync(host.log, `${host.log}.1`);
      writeFileSync(host.log, FRESH);
    });
    expect(receipt).toMatchObject({ outcome: 'failed', deleted: { items: 0 }, notes: [expect.stringContaining('was left to them')] });
    expect(host.names).toEqual(['acme.log', 'acme.log.1']);
    expect(readFileSync(host.log, 'latin1')).toBe(FRESH);
  });

  it('leaves no copy where the order runs out after it was written', async () => {
    const order = given();
    await expect(host.rotate(order, crashAt('lines-written'))).rejects.toThrow('crash');
    expect(await host.refuse(order, 'ran out')).toMatchObject({ outcome: 'stopped', deleted: { items: 0 } });
    expect(host.names).toEqual(['acme.log']);
    expect(host.lines).toHaveLength(MADE);
  });

  it('is not brought to its end beside logrotate, also where its order ran out', async () => {
    const made = given();
    const order = { ...made, bounds: { ...made.bounds, deadlineSeconds: 1 } };
    await expect(host.rotate(order, crashAt('lines-swapped'))).rejects.toThrow('crash');
    mkdirSync(join(host.root, 'var/lib/logrotate'), { recursive: true });
    writeFileSync(join(host.root, 'var/lib/logrotate/status'), '', { mode: 0o600 });
    const logrotate = openSync(join(host.root, 'var/lib/logrotate/status'), 'r');
    expect(lockFile(logrotate)).toBe(true);
    await expect(host.refuse(order, 'ran out')).rejects.toThrow('logrotate is at work');
    closeSync(logrotate);
    expect(await host.refuse(order, 'ran out')).toMatchObject({ outcome: 'stopped', deleted: { items: MADE - KEPT } });
  });

  it('is brought to its end where logrotate gave the new file another name', async () => {
    const order = given();
    await expect(host.rotate(order, crashAt('lines-swapped'))).rejects.toThrow('crash');
    renameSync(host.log, `${host.log}.1`);
    writeFileSync(host.log, FRESH);
    expect(await host.rotate(order)).toMatchObject({ outcome: 'completed', deleted: { items: MADE - KEPT } });
    expect(host.names).toEqual(['acme.log', 'acme.log.1']);
    expect(readFileSync(host.log, 'latin1')).toBe(FRESH);
    expect(host.lines).toHaveLength(KEPT);
  });

  it("gives the product's new file its name back where a run was killed before it did", async () => {
    const order = given();
    await expect(host.rotate(order, crashAt('lines-swapped'))).rejects.toThrow('crash');
    // The product had given its log another name and begun a new one while the copy was written.
    renameSync(join(ownFolder(order), '0'), `${host.log}.1`);
    writeFileSync(join(ownFolder(order), '0'), FRESH);
    expect(await host.rotate(order)).toMatchObject({ outcome: 'failed', deleted: { items: 0 }, notes: [expect.stringContaining('was left to them')] });
    expect(host.names).toEqual(['acme.log', 'acme.log.1']);
    expect(readFileSync(host.log, 'latin1')).toBe(FRESH);
    expect(host.lines).toHaveLength(MADE);
  });
});

describe.runIf(existsSync(NO_CUTS))('a generation that leaves whole', () => {
  it('is deleted after all where a power cut undid that it was taken in', async () => {
    const order = given(many(KEPT, MADE));
    writeFileSync(`${host.log}.1`, many(0, KEPT));
    utimesSync(`${host.log}.1`, START / 1000 + KEPT * 3600, START / 1000 + KEPT * 3600);
    await expect(host.rotate(order, crashAt('lines-swapped'))).rejects.toThrow('crash');
    renameSync(join(ownFolder(order), '0'), `${host.log}.1`);
    expect(await host.rotate(order)).toMatchObject({ outcome: 'completed', deleted: { items: KEPT } });
    expect(host.names).toEqual(['acme.log']);
    expect(readdirSync(host.logs)).toEqual(['acme.log']);
  });
});
