import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Receipt, RotationOrder } from '@mailwarden/contracts';
import { rotateStore, type StepWatch } from '@mailwarden/rotation-fs';
import { eventually } from '@mailwarden/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { BY_COPY, BY_SIGNAL, LogHost, profileOf } from './log-host.js';
import { logProgram } from './log-programs.js';
import { withRequest } from './log-rotation.js';

const [LOGROTATE, RSYSLOGD, LOGGER] = [logProgram('logrotate'), logProgram('rsyslogd'), '/usr/bin/logger'];
/** Said in the title where the real programs are not at hand. */
const WITHOUT = ' (skipped: logrotate, rsyslog or logger are not here; bin/test integration fetches the first two)';

const KB = 1000;
const GENERATION_BYTES = 256 * 1024;
/** Above what the generations hold, so that the active log has to go aside as well. */
const TIGHT = { watermarks: [{ kind: 'bytes' as const, limit: 60 * KB, target: 40 * KB }] };
const WRITTEN_BYTES = 100 * KB;

let host: LogHost;
afterEach(() => host.remove());

/** Ends a run at a step as a crash would. */
const crashAt = (step: string): StepWatch => (at) => {
  if (at === step) throw new Error(`crash at ${step}`);
};

/** Each line that the program wrote is there once, but for those that left with whole generations, which were the first ones. */
async function noLineIsLostOrDoubled(): Promise<void> {
  const written = await host.stopWriter();
  const lines = host.lines.sort((a, b) => a - b);
  const first = lines[0] ?? written;
  expect(lines).toEqual(Array.from({ length: written - first }, (_, index) => first + index));
}

describe('a log whose product takes a new file on a signal', () => {
  it('leaves with its older generations, and no line is lost or doubled', async () => {
    host = new LogHost(BY_SIGNAL);
    host.generations(3, GENERATION_BYTES);
    await host.startWriter('signal', WRITTEN_BYTES);
    chmodSync(host.log, 0o600);
    // A limit that the generations alone can meet.
    const roomy = { watermarks: [{ kind: 'bytes' as const, limit: 800 * KB, target: 600 * KB }] };
    expect((await host.preview(roomy)).notes).toEqual([]);
    const first = await host.rotate(host.order(roomy));
    expect(first.notes).toEqual([]);
    expect(host.names).toContain('acme.log');

    const preview = await host.preview(TIGHT);
    expect(preview.setsAside).toBe(1);
    expect(preview.notes).toEqual([expect.stringMatching(/^1 log that is being written would be set aside first/)]);
    const receipt = await host.rotate(host.order(TIGHT));
    expect(receipt).toMatchObject({ outcome: 'completed', notes: [expect.stringContaining('set aside as a new generation')] });
    expect(host.names).toEqual(['acme.log']);
    expect(statSync(host.log).mode & 0o777).toBe(0o600);
    await noLineIsLostOrDoubled();
  });

  it.each(['log-renaming', 'log-renamed', 'log-made', 'log-told'])('cut short at %s, it is set aside once, and nothing is lost', async (step) => {
    host = new LogHost(BY_SIGNAL);
    await host.startWriter('signal', WRITTEN_BYTES);
    // Held back by what must be kept, so that every line can be looked for.
    const order = host.order({ ...TIGHT, keep: { newest: 100, youngerThanSeconds: 0 } });
    await expect(host.rotate(order, crashAt(step))).rejects.toThrow('crash');
    const receipt = await host.rotate(order);
    expect(receipt).toMatchObject({ outcome: 'completed', notes: [expect.stringContaining('1 log that was being written was set aside')] });
    expect(host.names).toEqual(['acme.log', expect.stringMatching(/^acme\.log-\d{8}T\d{6}$/)]);
    expect(await host.rotate(order)).toEqual(receipt);
    expect(host.names).toHaveLength(2);
    await noLineIsLostOrDoubled();
  });

  it('gets its name back from a product that does not listen, and nothing is deleted', async () => {
    host = new LogHost(BY_SIGNAL);
    await host.startWriter('deaf', WRITTEN_BYTES);
    const receipt = await host.rotate(host.order({ ...TIGHT, bounds: { items: 10, bytes: 1e9, percent: 100, deadlineSeconds: 1 } }));
    expect(receipt).toMatchObject({ deleted: { items: 0 }, notes: [expect.stringContaining('did not take a new file within 1 s: the log has its name back')] });
    expect(host.names).toEqual(['acme.log']);
    await noLineIsLostOrDoubled();
  });

  it('is not set aside where the pid file names a process that does not write it', async () => {
    host = new LogHost(BY_SIGNAL);
    await host.startWriter('signal', WRITTEN_BYTES);
    const other = spawn('/bin/sleep', ['60']);
    writeFileSync(join(host.root, 'run/acme.pid'), `${other.pid ?? 0}\n`);
    const receipt = await host.rotate(host.order(TIGHT));
    expect(receipt.notes).toEqual([expect.stringContaining('the process to be told does not have the log open for writing')]);
    expect(other.signalCode).toBeNull();
    other.kill();
    expect(host.names).toEqual(['acme.log']);
  });

  it('that was begun longer ago than a policy permits is set aside, and leaves when it is old itself', async () => {
    host = new LogHost(BY_SIGNAL);
    writeFileSync(host.log, '2026-01-02T03:04:05Z acme[1]: the beginning\n');
    await host.startWriter('signal', 10 * KB);
    const receipt = await host.rotate(host.order({ watermarks: [{ kind: 'age', limit: 86_400, target: 86_400 }] }));
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 0 }, notes: [expect.stringContaining('set aside')] });
    expect(host.names).toHaveLength(2);
  });
});

describe('a log that is copied', () => {
  it.each(['', 'log-copying', 'log-copied', 'log-blanked', 'log-cut'])('is cut in place where its writers append, and no line is lost or doubled (cut short at "%s")', async (step) => {
    host = new LogHost(BY_COPY);
    await host.startWriter('deaf', WRITTEN_BYTES);
    const order = host.order({ ...TIGHT, keep: { newest: 100, youngerThanSeconds: 0 } });
    if (step !== '') await expect(host.rotate(order, crashAt(step))).rejects.toThrow('crash');
    const receipt = await host.rotate(order);
    expect(receipt).toMatchObject({ outcome: 'completed', notes: [expect.stringContaining('set aside')] });
    expect(host.names).toHaveLength(2);
    await noLineIsLostOrDoubled();
  });

  it('is emptied where they write at places of their own, and what was lost is told', async () => {
    host = new LogHost(BY_COPY);
    await host.startWriter('placed', WRITTEN_BYTES);
    const receipt = await host.rotate(host.order({ ...TIGHT, keep: { newest: 100, youngerThanSeconds: 0 } }), (step) => {
      // The program writes between the last look and the cut: seldom enough by itself, and here for certain.
      if (step !== 'log-emptying') return;
      const { size } = statSync(host.log);
      while (statSync(host.log).size === size);
    });
    const note = receipt.notes?.find((text) => text.includes('copied and emptied')) ?? '';
    const lost = Number(/(\d+) bytes that were appended in it are lost/.exec(note)?.[1] ?? 0);
    const written = await host.stopWriter();
    const lines = new Set(host.lines);
    // A line that straddles the cut is lost as a whole.
    const missing = Array.from({ length: written }, (_, index) => index).filter((index) => !lines.has(index));
    expect(note).toMatch(/µs/);
    expect(lost).toBeGreaterThan(0);
    expect(missing.length).toBeGreaterThan(0);
  });
});

describe.runIf(process.geteuid?.() === 0)('a log in a folder of somebody else that was carried into the store', () => {
  it('is neither emptied nor set aside, and the folder is told', async () => {
    host = new LogHost(BY_COPY.replace('acme.log"', 'acme.log", "/var/log/acme/share/others/acme.log"'));
    const others = join(host.logs, 'share/others');
    mkdirSync(others, { recursive: true });
    const text = 'a line of somebody else\n'.repeat(20_000);
    writeFileSync(host.log, text);
    // Larger than the product's own, so that it would be the first to go aside.
    writeFileSync(join(others, 'acme.log'), text.repeat(4));
    for (const [folder, uid] of [[host.logs, 60_001], [join(others, '..'), 60_001], [others, 60_008]] as const) chownSync(folder, uid, uid);
    expect((await host.preview(TIGHT)).setsAside).toBe(1);
    const receipt = await host.rotate(host.order(TIGHT));
    expect(receipt).toMatchObject({ notes: [expect.stringMatching(/^1 log that was being written was set aside/)], skipped: expect.arrayContaining([{ reason: 'permission-denied', items: 1 }]) });
    expect(readdirSync(others)).toEqual(['acme.log']);
    expect(readFileSync(join(others, 'acme.log'), 'latin1')).toBe(text.repeat(4));
  });
});

describe('an order that goes on under a newer hold', () => {
  const goOn = (store: string, order: RotationOrder): Promise<Receipt> => withRequest({ root: host.root, profile: profileOf(store), order }, undefined, (request) => rotateStore({ ...request, holds: [{ id: 'case', profile: null, store: null, from: null, until: null, reason: 'A case' }] as unknown as RotationOrder['holds'] }, order));
  it.each([
    ['by signal', 'log-renaming', BY_SIGNAL, 'signal', 1],
    // Under its new name by then: the product is told, and the hold keeps the generation.
    ['by signal', 'log-renamed', BY_SIGNAL, 'signal', 2],
    ['by copy', 'log-copying', BY_COPY, 'deaf', 1],
    ['by copy', 'log-copied', BY_COPY, 'deaf', 2],
  ] as const)('%s: sets a log aside only where that was begun, and deletes none (cut short at "%s")', async (_how, step, store, writer, files) => {
    host = new LogHost(store);
    await host.startWriter(writer, WRITTEN_BYTES);
    const order = host.order(TIGHT);
    await expect(host.rotate(order, crashAt(step))).rejects.toThrow('crash');
    const receipt = await goOn(store, order);
    const stays = 'a hold means what stands in the log: it stays where it is';
    expect(receipt).toMatchObject({ deleted: { items: 0 }, notes: files === 1 ? [stays] : [expect.stringContaining('1 log that was being written was set aside')] });
    expect(host.names).toHaveLength(files);
    await noLineIsLostOrDoubled();
  });
});

describe('a log of which a hold means some lines', () => {
  const HOUR_MS = 3_600_000;
  const START = Date.parse('2024-01-01T00:00:00Z');
  const at = (hours: number): string => new Date(START + hours * HOUR_MS).toISOString();
  const lines = (from: number, until: number): string => Array.from({ length: until - from }, (_, index) => `${at(from + index)} acme[1]: line ${from + index} x\n`).join('');
  const hold = (from: number, until: number) => [{ id: 'case', profile: null, store: null, from: at(from), until: at(until), reason: 'A case' }] as unknown as RotationOrder['holds'];
  const OLD = { watermarks: [{ kind: 'age' as const, limit: 86_400, target: 86_400 }] };
  const put = (name: string, text: string | Buffer, hours: number): void => {
    writeFileSync(join(host.logs, name), text, 'latin1');
    utimesSync(join(host.logs, name), (START + hours * HOUR_MS) / 1000, (START + hours * HOUR_MS) / 1000);
  };

  it.each([
    ['plain', 'acme.log.1', lines(0, 500)],
    ['plain, behind what a cut left blank', 'acme.log.1', `${' '.repeat(3_000)}\n${lines(0, 500)}`],
    ['packed', 'acme.log.1.gz', gzipSync(lines(0, 500))],
    ['packed with zstd', 'acme.log.1.zst', zstdCompressSync(lines(0, 500))],
    ['packed as nobody can read it', 'acme.log.1.xz', 'something'],
    ['damaged', 'acme.log.1.gz', 'nothing packed'],
    ['that begins with a line without a moment', 'acme.log.1', `the rest of a record\n${lines(300, 500)}`],
  ] as const)('stays as a generation that was last written after the end of the hold (%s)', async (_what, name, text) => {
    host = new LogHost(BY_COPY);
    put(name, text, 500);
    put('acme.log.2', lines(0, 50), 50);
    put('acme.log.0', lines(600, 700), 700);
    const receipt = await host.rotate(host.order({ ...OLD, holds: hold(100, 200) }));
    expect(receipt).toMatchObject({ deleted: { items: 2 }, skipped: [{ reason: 'held', items: 1 }] });
    expect(host.names).toEqual([name]);
  });

  it.each([['by signal', BY_SIGNAL], ['by copy', BY_COPY]])('is not set aside, also where the time of the hold is past (%s)', async (_how, store) => {
    host = new LogHost(store);
    put('acme.log', lines(0, 500), 500);
    const tight = { watermarks: [{ kind: 'bytes' as const, limit: 4 * KB, target: 2 * KB }] };
    expect((await host.preview({ ...tight, holds: hold(100, 200) })).setsAside).toBe(0);
    expect(await host.rotate(host.order({ ...tight, holds: hold(100, 200) }))).toMatchObject({ deleted: { items: 0 } });
    expect(host.names).toEqual(['acme.log']);
    expect(host.lines).toHaveLength(500);
    expect((await host.preview({ ...tight, holds: hold(-200, -100) })).setsAside).toBe(1);
  });

  it.each(['taken', 'unlink'] as const)('goes back where the hold came after it was taken in ("%s")', async (step) => {
    host = new LogHost(BY_SIGNAL);
    put('acme.log.1', lines(0, 500), 500);
    const order = host.order(OLD);
    await expect(host.rotate(order, crashAt(step))).rejects.toThrow('crash');
    const receipt = await withRequest({ root: host.root, profile: profileOf(BY_SIGNAL), order }, undefined, (request) => rotateStore({ ...request, holds: hold(100, 200) }, order));
    expect(receipt).toMatchObject({ deleted: { items: 0 }, skipped: [{ reason: 'held', items: 1 }] });
    expect(host.lines).toHaveLength(500);
  });
});

/** Has logrotate rotate the log, by the host's own configuration. */
function rule(): void {
  mkdirSync(join(host.root, 'etc/logrotate.d'), { recursive: true });
  writeFileSync(join(host.root, 'etc/logrotate.conf'), 'include /etc/logrotate.d\n', { mode: 0o644 });
  writeFileSync(join(host.root, 'etc/logrotate.d/acme'), '# Acme\n/var/log/acme/*.log {\n  weekly\n  rotate 4\n}\n', { mode: 0o644 });
}

describe('a process that rotates a log, killed with SIGKILL', () => {
  it.each([['by signal', BY_SIGNAL, 'signal', ['log-renaming', 'log-renamed', 'log-made', 'log-told']], ['by copy', BY_COPY, 'deaf', ['log-copying', 'log-copied', 'log-blanked', 'log-cut']]] as const)('%s: at one of its steps; the next run goes on, and no line is lost or doubled', async (_how, store, writer, steps) => {
    host = new LogHost(store);
    await host.startWriter(writer, WRITTEN_BYTES);
    const order = host.order({ ...TIGHT, keep: { newest: 100, youngerThanSeconds: 0 } });
    const step = steps[randomInt(steps.length)];
    console.log(`killed at ${step}`);
    expect(await host.rotateKilled(order, step ?? '')).toBeNull();
    const receipt = await host.rotate(order);
    expect(receipt).toMatchObject({ outcome: 'completed', notes: [expect.stringContaining('1 log that was being written was set aside')] });
    expect(host.names).toHaveLength(2);
    await noLineIsLostOrDoubled();
  });
});

describe('a log that another program rotates', () => {

  it('is not set aside a second time: its generations go, and the rule is named', async () => {
    host = new LogHost(BY_SIGNAL);
    rule();
    host.generations(2, GENERATION_BYTES);
    await host.startWriter('signal', WRITTEN_BYTES);
    const note = 'logrotate rotates what is being written here by /etc/logrotate.d/acme:2 (weekly, keeps 4): it is not set aside a second time';
    expect((await host.preview(TIGHT)).notes).toEqual([note]);
    expect(await host.rotate(host.order(TIGHT))).toMatchObject({ outcome: 'completed', deleted: { items: 2 }, notes: [note] });
    expect(host.names).toEqual(['acme.log']);
    expect(readFileSync(host.log).length).toBeGreaterThanOrEqual(WRITTEN_BYTES);
  });
});

describe.skipIf(LOGROTATE === null)(`beside the real logrotate${LOGROTATE === null ? WITHOUT : ''}`, () => {
  it('nothing is touched while it is at work, and it stays out while we are', async () => {
    if (LOGROTATE === null) return;
    host = new LogHost(BY_SIGNAL);
    host.generations(2, GENERATION_BYTES);
    rule();
    const record = join(host.root, 'var/lib/logrotate/status');
    mkdirSync(join(host.root, 'var/lib/logrotate'), { recursive: true });
    writeFileSync(record, 'logrotate state -- version 2\n', { mode: 0o640 });
    // The same rules with the tree in front of each path, and a script that keeps logrotate at work until it is let go.
    const config = join(host.root, 'beside.conf');
    writeFileSync(config, `${host.root}/var/log/acme/*.log {\n  rotate 4\n  ifempty\n  prerotate\n    touch ${host.root}/began; while [ ! -e ${host.root}/go ]; do sleep 0.05; done\n  endscript\n}\n`, { mode: 0o644 });
    writeFileSync(host.log, 'a line\n');
    const run = () => spawn(LOGROTATE.program, ['--force', '--state', record, config], { env: { ...LOGROTATE.env, PATH: '/usr/bin:/bin' }, stdio: ['ignore', 'ignore', 'pipe'] });
    const atWork = run();
    const ended = once(atWork, 'exit');
    await eventually('logrotate at work', 10_000, () => Promise.resolve(existsSync(join(host.root, 'began')) ? true : undefined));
    const before = host.names;
    const impatient = { ...TIGHT, bounds: { items: 10, bytes: 1e9, percent: 100, deadlineSeconds: 1 } };
    expect(await host.rotate(host.order(impatient))).toMatchObject({ outcome: 'stopped', reason: expect.stringContaining('logrotate is at work'), notes: [expect.stringContaining('/etc/logrotate.d/acme:2')] });
    expect(host.names).toEqual(before);
    writeFileSync(join(host.root, 'go'), '');
    expect((await ended)[0]).toBe(0);

    let said = '';
    writeFileSync(host.log, 'another line\n');
    await host.rotate(host.order(TIGHT), (step) => {
      if (step !== 'folder' || said !== '') return;
      said = spawnSync(LOGROTATE.program, ['--force', '--state', record, config], { env: { ...LOGROTATE.env, PATH: '/usr/bin:/bin' }, encoding: 'utf8' }).stderr;
    });
    expect(said).toMatch(/lock/);
  });
});

describe.skipIf(RSYSLOGD === null || !existsSync(LOGGER))(`with the real rsyslogd${RSYSLOGD === null || !existsSync(LOGGER) ? WITHOUT : ''}`, () => {
  it('its log is set aside by its own signal, and every message is there once', async () => {
    if (RSYSLOGD === null) return;
    host = new LogHost(BY_SIGNAL);
    const [socket, pidFile, config] = [join(host.root, 'log'), join(host.root, 'run/acme.pid'), join(host.root, 'rsyslog.conf')];
    writeFileSync(config, `module(load="${RSYSLOGD.modules}/imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="${socket}" CreatePath="on")\n*.* action(type="omfile" file="${host.log}" fileCreateMode="0640")\n`, { mode: 0o644 });
    const rsyslogd = spawn(RSYSLOGD.program, ['-n', '-f', config, '-i', pidFile, '-M', RSYSLOGD.modules], { env: { ...RSYSLOGD.env, PATH: '/usr/bin:/bin' }, stdio: 'ignore' });
    const say = (number: number): void => void execFileSync(LOGGER, ['--socket', socket, '--tag', 'acme', `message ${number} ${'x'.repeat(400)}`]);
    const arrived = (): string[] => host.names.flatMap((name) => [...readFileSync(join(host.logs, name), 'latin1').matchAll(/message (\d+) /g)].map((match) => match[1] ?? '')).sort();
    const all = (count: number): Promise<unknown> => eventually(`${count} messages`, 20_000, () => Promise.resolve(host.names.length > 0 && arrived().length >= count ? true : undefined));
    try {
      await eventually('the socket', 20_000, () => Promise.resolve(existsSync(socket) ? true : undefined));
      for (let number = 100; number < 120; number += 1) say(number);
      await all(20);
      const receipt = await host.rotate(host.order({ watermarks: [{ kind: 'bytes', limit: 1000, target: 1000 }], keep: { newest: 100, youngerThanSeconds: 0 } }));
      expect(receipt.notes).toEqual(['1 log that was being written was set aside as a new generation']);
      for (let number = 120; number < 130; number += 1) say(number);
      await all(30);
      expect(host.names).toHaveLength(2);
      expect(arrived()).toEqual(Array.from({ length: 30 }, (_, index) => String(100 + index)));
      expect(readFileSync(host.log, 'latin1')).toMatch(/message 129/);
    } finally {
      const ended = once(rsyslogd, 'exit');
      rsyslogd.kill('SIGTERM');
      await ended;
    }
  });
});
