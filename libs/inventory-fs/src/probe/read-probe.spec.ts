import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Probe, Reading } from '@mailwarden/catalogue';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withHost } from '../host.js';
import { readQuantity, readReading } from './read-probe.js';

const FILE = '/etc/opt/product/settings';
const isRoot = process.getuid?.() === 0;
const STRANGER = 54_321;
type Format = Extract<Probe, { kind: 'file-key' }>['format'];

let root: string;
const running: ChildProcess[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-probe-'));
  mkdirSync(dirname(join(root, FILE)), { recursive: true });
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  rmSync(root, { recursive: true });
});

const reading = (probe: Probe, more: Partial<Reading> = {}): Reading => ({ probes: [probe], values: null, after: null, until: null, factor: 1, source: null, ...more });
const read = (probe: Probe, more: Partial<Reading> = {}, at = root) => withHost(at, { databases: {}, kernel: 'this' }, (host) => readReading(host, reading(probe, more)));

/** The value, or the reason in brackets. */
async function told(probe: Probe, more: Partial<Reading> = {}, at = root): Promise<string> {
  const value = await read(probe, more, at);
  return value.known ? value.value : `(${value.reason})`;
}

async function inFile(content: string | Buffer, format: Format, key: string): Promise<string> {
  writeFileSync(join(root, FILE), content);
  return told({ kind: 'file-key', file: FILE, format, key });
}

const NO_KEY = (key: string): string => `(${FILE} has no key ${key})`;
const NOT_READABLE = (format: Format): string => `(${FILE} is not readable as ${format})`;

describe('a value of a settings file', () => {
  it.each<[Format, string, string, string]>([
    ['key-value', 'KEY=1', 'KEY', '1'],
    ['key-value', '\uFEFFKEY = "a b"\r\n', 'KEY', 'a b'],
    ['key-value', 'KEY: yes # no', 'KEY', 'yes # no'],
    ['key-value', '#KEY=1\n;KEY=2\nOTHER=KEY=3\n', 'KEY', NO_KEY('KEY')],
    ['key-value', 'KEY=1\rKEY=2', 'KEY', '2'],
    ['key-value', "KEY='it''s'", 'KEY', "it''s"],
    ['key-value', 'KEY="', 'KEY', '"'],
    ['key-value', 'KEY=', 'KEY', ''],
    ['key-value', '__proto__=1', 'constructor', NO_KEY('constructor')],
    ['ini', 'top=0\n[ s ]\r\nkey = 1\n[t]\nkey=2\n', 's.key', '1'],
    ['ini', 'top=0\n[s]\nkey=1', 'top', '0'],
    ['ini', '[s]\nkey=1\nkey="2"\n', 's.key', '2'],
    ['ini', '[s]\n;key=1\n[s', 's.key', NO_KEY('s.key')],
    ['json', '\uFEFF{"a":{"b":1}}', 'a.b', '1'],
    ['json', '{"a":1,"a":2}', 'a', '2'],
    ['json', '{"__proto__":{"a":1}}', 'a', NO_KEY('a')],
    ['json', '{}', 'constructor.name', NO_KEY('constructor.name')],
    ['json', '{"a":{}}', 'a', NO_KEY('a')],
    ['json', '{"a":[true]}', 'a.0', 'true'],
    ['json', '{"a":1', 'a', NOT_READABLE('json')],
    ['json', '['.repeat(100_000), 'a', NOT_READABLE('json')],
    ['yaml', 'a: { b: yes }\n', 'a.b', 'yes'],
    ['yaml', 'a: 1\na: 2\n', 'a', '2'],
    ['yaml', 'a: &x 1\nb: *x\n', 'b', NOT_READABLE('yaml')],
    ['yaml', 'a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n', 'c.0', NOT_READABLE('yaml')],
    ['yaml', '['.repeat(50_000), 'a', NOT_READABLE('yaml')],
    ['xml', '<?xml version="1.0"?><r><!-- <a>1</a> --><a x="b>c">2</a></r>', 'r.a', '2'],
    ['xml', '<r><b><a>1</a></b><a>2</a></r>', 'r.a', '2'],
    ['xml', '<r><r>1</r></r>', 'r.r', '1'],
    ['xml', '<r><r>1</r></r>', 'r', NO_KEY('r')],
    ['xml', '<r><a><![CDATA[<a>3</a>]]></a></r>', 'r.a', '<a>3</a>'],
    ['xml', '<r><a>&lt;&#x41;&#66;&amp;</a></r>', 'r.a', '<AB&'],
    ['xml', '<r><a/></r>', 'r.a', ''],
    ['xml', '<r><a>1</a><a>2</a></r>', 'r.a', '1'],
    ['xml', '<!DOCTYPE r [<!ENTITY x "9">]><r><a>&x;</a></r>', 'r.a', NOT_READABLE('xml')],
    ['xml', '<r><a>&x;</a></r>', 'r.a', NOT_READABLE('xml')],
    ['xml', '<r><a>1</b></r>', 'r.a', NOT_READABLE('xml')],
    ['xml', '<r><a>1', 'r.a', NOT_READABLE('xml')],
    ['xml', '<r>'.repeat(100_000), 'r.a', NOT_READABLE('xml')],
  ])('%s %j at %s: %s', async (format, content, key, expected) => {
    expect(await inFile(content.slice(0, 400_000), format, key)).toBe(expected);
  });

  it.each<Format>(['key-value', 'ini', 'json', 'yaml', 'xml'])('of a binary, an empty or a two-byte file is unknown: %s', async (format) => {
    expect(await inFile(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0xff]), format, 'KEY')).toBe(NOT_READABLE(format));
    expect(await inFile(Buffer.from('\uFEFFKEY=1', 'utf16le'), format, 'KEY')).toBe(NOT_READABLE(format));
    expect(await inFile('', format, 'KEY')).toMatch(/no key|not readable/);
  });

  it.each<[Format, string]>([
    ['key-value', `a${' '.repeat(3_000_000)}`],
    ['key-value', ' '.repeat(3_000_000)],
    ['ini', `a${' '.repeat(3_000_000)}\n[${'['.repeat(1_000_000)}`],
    ['xml', '<r '.repeat(1_000_000)],
    ['xml', `<r>${'&'.repeat(3_000_000)}`],
    ['yaml', Array.from({ length: 400_000 }, (_, index) => `k${index}: 1`).join('\n').slice(0, 4_000_000)],
    ['yaml', Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n')],
    ['json', `{${Array.from({ length: 200_000 }, (_, index) => `"k${index}":1`).join(',')}}`],
  ])('costs no long work, whatever the file holds: %s %#', async (format, content) => {
    const startedMs = performance.now();
    await inFile(content, format, 'KEY');
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  it('is shortened, and stays text', async () => {
    const value = await inFile(`KEY=${'x'.repeat(299)}😀`, 'key-value', 'KEY');
    expect(value).toBe(`${'x'.repeat(299)}\ufffd`);
  });

  it('is unknown when the file cannot be read, with the reason', async () => {
    const probe: Probe = { kind: 'file-key', file: FILE, format: 'ini', key: 'a' };
    expect(await told(probe)).toBe(`(${FILE}: the file does not exist)`);
    symlinkSync('/etc/hostname', join(root, FILE));
    expect(await told(probe)).toBe(`(${FILE}: it is a link, which is not followed)`);
    rmSync(join(root, FILE));
    mkdirSync(join(root, FILE));
    expect(await told(probe)).toBe(`(${FILE}: it is not a regular file)`);
    rmSync(join(root, FILE), { recursive: true });
    writeFileSync(join(root, FILE), '');
    truncateSync(join(root, FILE), 5_000_000_000);
    expect(await told(probe)).toBe(`(${FILE}: it has 5000000000 bytes, more than 4194304)`);
    expect(await told({ kind: 'file-hash', file: FILE })).toContain('more than 4194304');
  });
});

describe('whether a file exists', () => {
  const probe: Probe = { kind: 'file-exists', file: FILE };
  it('is yes for a large one, no where there is none, and unknown where nobody can tell', async () => {
    expect(await told(probe)).toBe('no');
    writeFileSync(join(root, FILE), '');
    expect(await told(probe)).toBe('yes');
    truncateSync(join(root, FILE), 5_000_000_000);
    expect(await told(probe)).toBe('yes');
    rmSync(join(root, FILE));
    symlinkSync('elsewhere', join(root, FILE));
    expect(await told(probe)).toContain('it is a link');
    rmSync(join(root, 'etc/opt'), { recursive: true });
    expect(await told(probe)).toBe('no');
    symlinkSync('/', join(root, 'etc/opt'));
    expect(await told(probe)).toContain('its folder cannot be opened (not-a-folder)');
  });
});

describe('what a value means', () => {
  it('is what the profile says, and nothing that a map happens to have', async () => {
    writeFileSync(join(root, FILE), 'a=constructor\nb=1\n');
    const values = { '1': 'on' };
    expect(await told({ kind: 'file-key', file: FILE, format: 'ini', key: 'b' }, { values })).toBe('on');
    expect(await told({ kind: 'file-key', file: FILE, format: 'ini', key: 'a' }, { values })).toBe('(the value "constructor" has no known meaning)');
  });
});

describe('a value within a text', () => {
  it.each<[string, Partial<Reading>, string]>([
    ['ClamAV 1.0.7/27439/Tue Nov 24', { after: 'ClamAV ', until: '/' }, '1.0.7'],
    ['mail_version = 3.7.11', { after: '= ' }, '3.7.11'],
    ['2.3.19.1 (9b53102964)', { until: ' (' }, '2.3.19.1'],
    ['1.2', { until: ' (' }, '1.2'],
    ['a=b=c', { after: '=' }, 'b=c'],
    ['nothing of it', { after: 'ClamAV ' }, '("ClamAV " does not stand in what was read)'],
    ['state: 1;', { after: 'state: ', until: ';', values: { '1': 'on' } }, 'on'],
  ])('%j by %j: %s', async (line, more, expected) => {
    writeFileSync(join(root, FILE), `value: ${line}\n`);
    expect(await told({ kind: 'file-key', file: FILE, format: 'key-value', key: 'value' }, more)).toBe(expected);
  });
});

describe('a limit that a product was given', () => {
  it.each([
    ['1024', 1024 * 1024],
    [' "7.5" ', 7.5 * 1024],
    ['0', '"0" is no limit'],
    ['-1', '"-1" is not a number'],
    ['', '"" is not a number'],
    ['1e9', '"1e9" is not a number'],
    ['0x10', '"0x10" is not a number'],
    ['Infinity', '"Infinity" is not a number'],
    ['NaN', '"NaN" is not a number'],
    ['10 GB', '"10 GB" is not a number'],
    ['99999999999999999999', '"99999999999999999999" is beyond all measure'],
    [`${'0'.repeat(200)}1`, `"${'0'.repeat(60)}" is not a number`],
    ['١٢', '"١٢" is not a number'],
  ])('%j: %s', async (written, expected) => {
    writeFileSync(join(root, FILE), `limit=${written}\n`);
    const quantity = await withHost(root, { databases: {} }, (host) => readQuantity(host, reading({ kind: 'file-key', file: FILE, format: 'ini', key: 'limit' }, { factor: 1024 })));
    expect(quantity.known ? quantity.value.value : quantity.reason).toBe(expected);
  });
});

describe('a kernel setting', () => {
  it('is read, and is unknown where there is none', async () => {
    expect(await told({ kind: 'sysctl', name: 'kernel.ostype' })).toBe('Linux');
    expect(await told({ kind: 'sysctl', name: 'kernel.absent' })).toBe('(kernel.absent: the kernel does not show it)');
    for (const name of ['', '..', '....etc.passwd', 'kernel']) expect(await told({ kind: 'sysctl', name })).toMatch(/the kernel does not show it\)$/);
  });
  it('is that of the host that runs, and says nothing of a root that belongs to another one', async () => {
    const told = await withHost(root, { databases: {} }, (host) => readReading(host, reading({ kind: 'sysctl', name: 'kernel.ostype' })));
    expect(told).toMatchObject({ known: false, reason: expect.stringContaining('not known to be that of this root') });
  });
});

describe('a command', () => {
  const command = (...words: string[]): Probe => ({ kind: 'command', command: words, account: null, parser: 'first-line', key: null, timeoutSeconds: 1 });
  const here = (probe: Probe): Promise<string> => told(probe, {}, '/');

  it('runs on this host alone, without a shell, an environment or input', async () => {
    expect(await told(command('/bin/echo', 'x'))).toBe('(commands are not run for a root that is not this host)');
    expect(await here(command('/bin/echo', '$HOME; id'))).toBe('$HOME; id');
    expect(await here(command('/usr/bin/env'))).toBe('');
    expect(await here(command('/bin/cat'))).toBe('');
    expect(await here(command('/bin/pwd'))).toBe('/');
    expect(await here({ ...command('/bin/echo', 'Version: 8'), parser: 'key-value', key: 'Version' } as Probe)).toBe('8');
    expect(await here({ ...command('/bin/echo', '{"a":{"version":"8.1"}}'), parser: 'json', key: 'a.version' } as Probe)).toBe('8.1');
    expect(await here({ ...command('/bin/echo', '{"a":'), parser: 'json', key: 'a' } as Probe)).toBe('(the output has no a)');
  });

  it('that fails is unknown, with what happened', async () => {
    expect(await here(command('echo'))).toBe('(the command is not an absolute path)');
    expect(await here(command('/nowhere/program'))).toBe('(/nowhere/program is not installed)');
    expect(await here(command('/bin/false'))).toBe('(/bin/false ended with 1)');
    expect(await here(command('/bin/echo', 'a\0b'))).toBe('(/bin/echo cannot be run with these arguments)');
    expect(await here(command('/bin/yes'))).toBe('(/bin/yes wrote more than 65536 bytes)');
    const program = join(root, 'program');
    copyFileSync('/bin/true', program);
    chmodSync(program, 0o644);
    expect(await here(command(program))).toBe(`(${program} may not be run)`);
    expect(await here(command('/bin/sh', '-c', 'kill -TERM $$'))).toBe('(/bin/sh was ended (SIGTERM))');
  });

  it.runIf(isRoot)(`is not run where somebody else could put another program in its place${isRoot ? '' : ' (skipped: giving a file away needs the super-user)'}`, async () => {
    const [folder, program, mark] = [join(root, 'bin'), join(root, 'bin/program'), join(root, 'was-run')];
    mkdirSync(folder);
    writeFileSync(program, `#!/bin/sh\ntouch ${mark}\necho told\n`, { mode: 0o755 });
    symlinkSync(program, join(root, 'link'));
    const refused = (part: string, way = program): string => `(${way} is not run: others than root may change ${part})`;
    for (const [part, give, back] of [
      [program, () => chownSync(program, STRANGER, STRANGER), () => chownSync(program, 0, 0)],
      [program, () => chmodSync(program, 0o775), () => chmodSync(program, 0o755)],
      [folder, () => chownSync(folder, STRANGER, STRANGER), () => chownSync(folder, 0, 0)],
      [folder, () => chmodSync(folder, 0o777), () => chmodSync(folder, 0o755)],
    ] as const) {
      give();
      expect(await here(command(program))).toBe(refused(part));
      expect(await here(command(join(root, 'link')))).toBe(refused(part, join(root, 'link')));
      back();
    }
    expect(existsSync(mark)).toBe(false);
    expect(await here(command(program))).toBe('told');
    expect(existsSync(mark)).toBe(true);
  });

  it('that does not end is killed, also when it does not listen', async () => {
    const startedMs = performance.now();
    expect(await here(command('/bin/sh', '-c', "trap '' TERM; while :; do :; done"))).toBe('(/bin/sh did not end within 1 s)');
    expect(await here(command('/bin/sh', '-c', 'sleep 3 & echo done'))).toBe('done'); // What it left behind holds the output open.
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});

describe('the process of a service', () => {
  const PID_FILE = '/run/service.pid';
  const startedAt: Probe = { kind: 'process', by: { pidFile: PID_FILE }, value: 'started-at' };
  const pidFile = (content: string): void => {
    mkdirSync(join(root, 'run'), { recursive: true });
    writeFileSync(join(root, PID_FILE), content);
  };

  /** A process that lives until the test is over; its first word tells that it runs. */
  async function service(program: string, ...args: string[]): Promise<number> {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    running.push(child);
    child.stdin.write('x\n');
    await new Promise((resolve) => child.stdout.once('data', resolve));
    return child.pid ?? 0;
  }

  it('is found, whatever its name holds', async () => {
    const program = join(root, 'a ) (b) R 1');
    copyFileSync('/bin/cat', program);
    const before = Date.now();
    const pid = await service(program);
    for (const content of [String(pid), `${pid}\n`, `  ${pid}\nmore\n`]) {
      pidFile(content);
      const value = Date.parse(await told(startedAt));
      expect(Math.abs(value - before)).toBeLessThan(5_000);
    }
    expect(await told({ ...startedAt, value: 'core-limit' } as Probe)).toMatch(/^(\d+|unlimited)$/);
  });

  it.each(['', 'x', '0', '-1', '0x1', '1e3', '99999999999999999999', '1.5', '../self'])('is unknown by a file that holds no number of one: %j', async (content) => {
    pidFile(content);
    expect(await told(startedAt)).toBe('(the pid file holds no process number)');
  });

  it('is unknown when it is gone, ended, or another one has its number', async () => {
    expect(await told(startedAt)).toContain('the file does not exist');
    pidFile('4194304');
    expect(await told(startedAt)).toBe('(the service is not running)');
    const pid = await service('/bin/cat');
    pidFile(String(pid));
    utimesSync(join(root, PID_FILE), new Date(Date.now() - 3_600_000), new Date(Date.now() - 3_600_000));
    expect(await told(startedAt)).toMatch(/older than the process that now has its number|from before this machine was started/);
  });

  it('is not running when it ended and its parent has not asked how', async () => {
    const parent = spawn('/bin/sh', ['-c', 'true & echo $!; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] });
    running.push(parent);
    const pid = await new Promise<string>((resolve) => parent.stdout.once('data', (data: Buffer) => resolve(data.toString())));
    parent.stdin.write('x\n');
    await new Promise((resolve) => parent.stdout.once('data', resolve)); // The shell has become a program that asks nobody.
    pidFile(pid);
    expect(await told(startedAt)).toBe('(the service is not running)');
  });
});

describe('a database that is not there', () => {
  it('makes its values unknown', async () => {
    expect(await told({ kind: 'sql', database: { engine: 'postgresql', socket: '/run', name: 'events', user: 'x' }, query: 'SELECT 1' })).toBe('(database events cannot be reached: its socket does not exist (ENOENT))');
  });
});
