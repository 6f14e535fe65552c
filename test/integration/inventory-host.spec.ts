import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseProfile, type HostSettings, type Profile } from '@mailwarden/catalogue';
import type { Observation, StoreObservation } from '@mailwarden/contracts';
import { measureHost } from '@mailwarden/inventory-fs';
import type { ServerName } from '@mailwarden/kernel';
import { eventually } from '@mailwarden/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const AS_ROOT = process.getuid?.() === 0;
const MAY_BE_OTHERS = AS_ROOT && existsSync('/usr/bin/setpriv');
const skippedWithout = (may: boolean): string => (may ? '' : ' (skipped: becoming other accounts needs the super-user and setpriv)');
const SERVICE_UID = 60_640;
const OTHER_UID = 60_001;
const NEAR_MS = 5_000;
const BLOCK_BYTES = 4_096;
const SOURCE = '{ here: { title: This test, url: null, date: null, kind: general } }';

let root: string;
const running: ChildProcessWithoutNullStreams[] = [];

function put(path: string, text: string | Buffer = ''): string {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
}

/** A process that says a line once it is as it should be, and lives until the test is over. */
async function started(program: string, ...args: string[]): Promise<{ pid: number; said: string }> {
  const child = spawn(program, args, { cwd: root, stdio: 'pipe' });
  running.push(child);
  let troubles = '';
  child.stderr.on('data', (data: Buffer) => void (troubles += data.toString()));
  const said = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data: Buffer) => resolve(data.toString().trim()));
    child.once('exit', () => reject(new Error(`it ended: ${troubles}`)));
  });
  return { pid: child.pid ?? 0, said };
}

const profile = ((): Profile => {
  const store = (id: string, kind: string, more: string): string => `  - { id: ${id}, section: ${id}, kind: ${kind}, directories: null, data-categories: null, duration: not-stated, protection: { accounts: ${kind === 'memory' ? 'null' : '[ root, mailer ]'}, source: here }, ${more} }`;
  const parsed = parseProfile(['schema: mailwarden/profile/v1', 'id: mailer', 'product: { name: Mailer, vendor: None, versions: "*" }', `sources: ${SOURCE}`, 'accounts: { service: mailer, groups: [] }', 'services: [ mailer ]', 'service-start: { from: [ { process: { pid-file: /run/mailer.pid, value: started-at } } ] }', 'stores:', store('queue', 'files', 'files: [ "/var/spool/mailer/**" ], exclude: [ "/var/spool/mailer/locks/**" ], rotatable: false'), store('work', 'temporary', 'files: [ "/tmp/mailer/**" ], rotatable: true'), store('dumps', 'dump', 'files: [ "/var/lib/mailer/dumps/**", "/var/crash/*mailer*" ], rotatable: false'), store('memory', 'memory', 'rotatable: false'), ''].join('\n'));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
})();

const measured = (settings: HostSettings = { databases: {}, kernel: 'this' }): Promise<Observation> => measureHost({ root, profile, hostSettings: settings, server: 'host-1' as ServerName, hashKey: null, bundleVersion: null, afterOrder: null, now: Date.now });
function storeOf({ stores }: Observation, id: string): StoreObservation {
  const found = stores.find((store) => store.id === id);
  if (found === undefined) throw new Error(`no store ${id}`);
  return found;
}
const valueOf = ({ settings }: Observation, name: string): unknown => (settings[name]?.known === true ? settings[name].value : `(${settings[name]?.known === false ? settings[name].reason : 'absent'})`);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-host-'));
  chmodSync(root, 0o755);
  put('etc/passwd', `root:x:0:0::/:\nmailer:x:${SERVICE_UID}:${SERVICE_UID}::/:\nwatcher:x:${OTHER_UID}:${OTHER_UID}::/:\n`);
  put('etc/group', `root:x:0:\nmailer:x:${SERVICE_UID}:\n`);
  mkdirSync(join(root, 'var/spool/mailer/locks'), { recursive: true });
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

/** Runs a script as the service, with its number in the pid file. */
async function service(script: string, asUid: number | null = null): Promise<number> {
  const shell = ['/bin/sh', '-c', `${script}; echo ready; cat`];
  const as = asUid === null ? shell : ['/usr/bin/setpriv', `--reuid=${asUid}`, `--regid=${asUid}`, '--clear-groups', ...shell];
  const { pid } = await started(as[0] ?? '', ...as.slice(1));
  put('run/mailer.pid', `${pid}\n`);
  return pid;
}

describe('files that are gone by name and still open', () => {
  const SCRIPT = `
    head -c ${BLOCK_BYTES * 3} /dev/zero > var/spool/mailer/letter; exec 3< var/spool/mailer/letter; exec 4< var/spool/mailer/letter; rm var/spool/mailer/letter
    head -c ${BLOCK_BYTES} /dev/zero > tmp/mailer/part; exec 5< tmp/mailer/part; rm tmp/mailer/part
    echo x > 'var/spool/mailer/kept (deleted)'; exec 6< 'var/spool/mailer/kept (deleted)'
    echo x > var/spool/mailer/locks/one; exec 7< var/spool/mailer/locks/one; rm var/spool/mailer/locks/one
    echo x > elsewhere; exec 8< elsewhere; rm elsewhere`;

  it('are counted once each for the store that they belonged to', async () => {
    mkdirSync(join(root, 'tmp/mailer'), { recursive: true });
    await service(SCRIPT);
    const observation = await measured();
    expect(storeOf(observation, 'queue').openDeleted).toMatchObject({ known: true, value: { items: 1, bytes: BLOCK_BYTES * 3 } });
    expect(storeOf(observation, 'work').openDeleted).toMatchObject({ known: true, value: { items: 1, bytes: BLOCK_BYTES } });
    expect(storeOf(observation, 'dumps').openDeleted).toMatchObject({ known: true, value: { items: 0, bytes: 0 } });
    expect(storeOf(observation, 'memory').openDeleted).toBeUndefined();
    expect(storeOf(observation, 'queue').items).toMatchObject({ known: true, value: 1 });
  });

  it.runIf(MAY_BE_OTHERS)(`are those of all processes of the product's account, and of nobody else${skippedWithout(MAY_BE_OTHERS)}`, async () => {
    chmodSync(join(root, 'var/spool/mailer'), 0o777);
    const hold = (name: string, uid: number): Promise<unknown> => started('/usr/bin/setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '/bin/sh', '-c', `head -c ${BLOCK_BYTES} /dev/zero > var/spool/mailer/${name}; exec 3< var/spool/mailer/${name}; rm var/spool/mailer/${name}; echo ready; cat`);
    await service('true');
    await hold('ours', SERVICE_UID);
    await hold('theirs', OTHER_UID);
    expect(storeOf(await measured(), 'queue').openDeleted).toMatchObject({ known: true, value: { items: 1, bytes: BLOCK_BYTES } });
  });

  it('are unknown where the running kernel may be another one', async () => {
    mkdirSync(join(root, 'tmp/mailer'), { recursive: true });
    await service(SCRIPT);
    expect(storeOf(await measured({ databases: {} }), 'queue').openDeleted).toMatchObject({ known: false, reason: expect.stringContaining('not known to be that of this root') });
  });
});

describe('when the service started', () => {
  const leftoversOf = (observation: Observation) => storeOf(observation, 'work').leftovers;
  const old = (path: string, ageMs: number): void => utimesSync(put(path, 'half a letter'), (Date.now() - ageMs) / 1000, (Date.now() - ageMs) / 1000);

  it('parts what a letter in processing left behind from what is worked on', async () => {
    old('tmp/mailer/before', 3_600_000);
    await service('true');
    writeFileSync(join(root, 'tmp/mailer/after'), 'x');
    utimesSync(join(root, 'tmp/mailer/after'), Date.now() / 1000 + 10, Date.now() / 1000 + 10);
    const observation = await measured();
    expect(observation.serviceStartedAt.known && Math.abs(Date.parse(observation.serviceStartedAt.value) - Date.now()) < NEAR_MS).toBe(true);
    expect(leftoversOf(observation)).toMatchObject({ known: true, value: { items: 1, bytes: BLOCK_BYTES } });
  });

  it('is unknown, and nothing a leftover, when the pid file is from before the machine started or its number went on', async () => {
    old('tmp/mailer/before', 3_600_000);
    const pid = await service('true');
    const bootedMs = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1]) * 1000;
    for (const [atMs, reason] of [[bootedMs - 60_000, 'from before this machine was started'], [Math.max(bootedMs + 10_000, Date.now() - 60_000), 'older than the process that now has its number']] as const) {
      utimesSync(put('run/mailer.pid', `${pid}\n`), atMs / 1000, atMs / 1000);
      expect(leftoversOf(await measured())).toMatchObject({ known: false, reason: expect.stringContaining(reason) });
    }
  });

  it.runIf(AS_ROOT && existsSync('/usr/bin/unshare') && existsSync('/usr/bin/ldd'))('is found for a container, whose numbers are its own (needs the super-user, unshare and ldd)', async () => {
    old('tmp/mailer/before', 3_600_000);
    put('run/mailer.pid', '1\n');
    const cat = '/usr/bin/cat';
    for (const library of execFileSync('/usr/bin/ldd', [cat], { encoding: 'utf8' }).match(/\/\S+(?=\s\()/g) ?? []) {
      mkdirSync(join(root, dirname(library)), { recursive: true });
      copyFileSync(library, join(root, library));
    }
    copyFileSync(cat, put('cat'));
    expect(leftoversOf(await measured({ databases: {} }))).toMatchObject({ known: false, reason: expect.stringContaining('not known to be that of this root') });
    const child = spawn('/usr/bin/unshare', ['--pid', '--fork', '--kill-child', '/usr/sbin/chroot', root, '/cat'], { stdio: 'pipe' });
    running.push(child);
    const said = new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdin.write('ready\n');
    await said;
    utimesSync(join(root, 'run/mailer.pid'), Date.now() / 1000, Date.now() / 1000);
    const observation = await measured({ databases: {} });
    expect(observation.serviceStartedAt.known && Math.abs(Date.parse(observation.serviceStartedAt.value) - Date.now()) < NEAR_MS).toBe(true);
    expect(leftoversOf(observation)).toMatchObject({ known: true, value: { items: 1 } });
    expect(valueOf(observation, 'core-pattern')).toBe(readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim());
    put('run/mailer.pid', `${process.pid}\n`); // A number of this host means nothing in there.
    expect((await measured({ databases: {} })).serviceStartedAt).toMatchObject({ known: false, reason: 'the service is not running' });
  });
});

describe('dumps', () => {
  const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim();
  const isOwn = AS_ROOT && !pattern.startsWith('|') && !pattern.startsWith('@') && !pattern.includes('/');
  const crash = async (program: string): Promise<void> => {
    copyFileSync('/bin/sleep', put(program));
    chmodSync(join(root, program), 0o755);
    const child = spawn('/bin/sh', ['-c', `ulimit -c unlimited; exec ./${program} 60`], { cwd: root, stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await eventually(`${program} runs`, 10_000, async () => (readFileSync(`/proc/${child.pid}/comm`, 'latin1').trim() === program ? true : undefined));
    child.kill('SIGSEGV');
    await ended;
  };

  it.runIf(isOwn)(`that the kernel itself writes are found in the service's working folder, and are its own${isOwn ? '' : ' (skipped: it needs the super-user, and a kernel that writes cores into the working folder)'}`, async () => {
    await service('true');
    await crash('mailer-scan');
    await crash('another');
    const cores = execFileSync('/bin/sh', ['-c', 'ls'], { cwd: root, encoding: 'utf8' }).split('\n').filter((name) => name.startsWith('core'));
    const observation = await measured();
    expect(cores.length).toBeGreaterThan(0);
    // With one name for all, the second one took its place.
    const own = cores.length === 1 ? 0 : 1;
    expect(storeOf(observation, 'dumps').items).toMatchObject({ known: true, value: own });
    if (cores.length === 1) {
      await crash('mailer-scan');
      const { blocks } = statSync(join(root, cores[0] ?? ''));
      expect(storeOf(await measured(), 'dumps')).toMatchObject({ present: true, items: { value: 1 }, bytesAllocated: { value: blocks * 512 }, oldestAt: { known: true, value: expect.any(String) } });
    }
    expect(valueOf(observation, 'core-destination')).toBe('relative');
  });

  it('that a collector keeps are added to those of the profile, each once', async () => {
    const boot = '0123456789abcdef0123456789abcdef';
    put('var/lib/mailer/dumps/own', 'x');
    put(`var/lib/systemd/coredump/core.mailer-scan.1.${boot}.2.3.zst`, 'x'.repeat(10));
    put(`var/lib/systemd/coredump/core.cron.1.${boot}.2.3.zst`, 'x');
    put('var/crash/_usr_sbin_mailer.1.crash', 'ExecutablePath: /usr/sbin/mailer\n');
    const dumps = storeOf(await measured({ databases: {} }), 'dumps');
    expect(dumps).toMatchObject({ items: { known: true, value: 3 }, bytesApparent: { known: true, value: 1 + 10 + 33 }, bytesAllocated: { known: true, value: 3 * BLOCK_BYTES } });
  });

  it('are possible as the running service and the kernel have it', async () => {
    await service('ulimit -c 0');
    const none = await measured();
    expect([valueOf(none, 'core-limit'), valueOf(none, 'core-pattern')]).toEqual(['0', pattern]);
    if (!pattern.startsWith('|') || pattern.includes('systemd-coredump')) expect(valueOf(none, 'core-possible')).toBe('no');
    await service('ulimit -S -c 8192 2>/dev/null || true');
    const some = await measured();
    expect(valueOf(some, 'core-possible')).toBe(pattern === '' || valueOf(some, 'core-limit') === '0' ? 'no' : 'yes');
  });
});

describe('who reads the memory of the service', () => {
  const CAN_READ = `const fs=require('node:fs');const can=(()=>{try{fs.closeSync(fs.openSync('/proc/'+process.argv[1]+'/mem','r'));return true}catch{return false}})();console.log(can?'yes':'no');process.stdin.resume()`;
  const asking = async (pid: number, ...rights: string[]): Promise<string> => (await started('/usr/bin/setpriv', ...rights, process.execPath, '-e', CAN_READ, String(pid))).said;
  const scope = existsSync('/proc/sys/kernel/yama/ptrace_scope') ? Number(readFileSync('/proc/sys/kernel/yama/ptrace_scope', 'utf8')) : 0;
  /** The file of a process's memory is its account's alone; who passes over that still has to be let in by the kernel. */
  const withCapabilities = (names: string): string[] => [`--inh-caps=${names}`, `--ambient-caps=${names}`];
  const as = (uid: number): string[] => [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];

  it.runIf(MAY_BE_OTHERS && scope < 3)(`is who the kernel lets open it: by the account, by a capability, and nobody else${skippedWithout(MAY_BE_OTHERS)}`, async () => {
    chmodSync(dirname(process.execPath), 0o755);
    const pid = await service('true', SERVICE_UID);
    const alone = storeOf(await measured(), 'memory').access;
    expect(alone.accounts.map(({ name }) => name)).toEqual(['root']);
    expect(alone.breaches).toEqual([]);
    expect(await asking(pid, ...as(OTHER_UID), ...withCapabilities('+dac_override'))).toBe('no');
    expect(storeOf(await measured(), 'memory').access).toEqual(alone);
    expect(await asking(pid, ...as(OTHER_UID), ...withCapabilities('+dac_override,+sys_ptrace'))).toBe('yes');
    const watched = await measured();
    expect(storeOf(watched, 'memory').access.breaches).toMatchObject([{ kind: 'capability', account: 'watcher', read: true, write: true, items: 1 }]);
    expect(valueOf(watched, 'memory-readers')).toBe(1);
  }, 30_000);

  it.runIf(MAY_BE_OTHERS)(`tells how much of it lies in swap and how much is kept out${skippedWithout(MAY_BE_OTHERS)}`, async () => {
    const pid = await service('true', SERVICE_UID);
    const field = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024;
    const observation = await measured();
    expect([valueOf(observation, 'in-swap'), valueOf(observation, 'locked-memory')]).toEqual([field('VmSwap'), field('VmLck')]);
    expect(['none', 'present', 'encrypted']).toContain(valueOf(observation, 'swap'));
  });

  it('is unknown, never nobody, when the service does not run', async () => {
    const memory = storeOf(await measured(), 'memory');
    expect(memory.unknown).toMatchObject([{ what: 'who reads its memory' }]);
    expect(memory.access).toEqual({ accounts: [], breaches: [] });
  });
});

describe('a unit of systemd on this host', () => {
  const units = existsSync('/run/systemd/system');
  it.runIf(units)(`is the main process that systemd itself names${units ? '' : ' (skipped: this host was not started by systemd)'}`, async () => {
    const unit = basename('systemd-journald.service');
    const pid = execFileSync('/usr/bin/systemctl', ['show', '-p', 'MainPID', '--value', unit], { encoding: 'utf8' }).trim();
    const parsed = parseProfile(['schema: mailwarden/profile/v1', 'id: journal', 'product: { name: Journal, vendor: None, versions: "*" }', `sources: ${SOURCE}`, 'accounts: { service: root, groups: [] }', 'services: [ systemd-journald ]', `service-start: { from: [ { process: { unit: ${unit}, value: started-at } } ] }`, 'stores:', '  - { id: memory, section: memory, kind: memory, directories: null, data-categories: null, duration: not-stated, protection: { accounts: null, source: null }, rotatable: false }', ''].join('\n'));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    const observation = await measureHost({ root: '/', profile: parsed.value, hostSettings: { databases: {} }, server: 'host-1' as ServerName, hashKey: null, bundleVersion: null, afterOrder: null, now: Date.now });
    const ticks = Number(readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[19]);
    const bootedMs = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1]) * 1000;
    expect(observation.serviceStartedAt.known && Math.abs(Date.parse(observation.serviceStartedAt.value) - (bootedMs + ticks * 10)) < NEAR_MS).toBe(true);
  });
});
