import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, closeSync, existsSync, linkSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { eventually } from '@mailwarden/testing';
import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import { BESIDE, outcome } from '../told.js';

const MOUNT = '/bin/mount';
/** A holder of locks or mounts that hangs ends by itself. */
const HELD_S = 30;
const HOLD_MS_MAX = 5_000;

const holders = new Map<Stage, ChildProcess | Server | number>();

/** Takes back what the preparation of a stage keeps. */
function letGo(stage: Stage): void {
  const held = holders.get(stage);
  holders.delete(stage);
  if (typeof held === 'number') closeSync(held);
  else if (held !== undefined && 'kill' in held) held.kill('SIGKILL');
  else held?.close();
}

async function lock(stage: Stage, name: string): Promise<void> {
  const child = spawn('/usr/bin/flock', [stage.path(name), '/bin/sh', '-c', `touch ${stage.root}/locked; exec sleep ${HELD_S}`], { stdio: 'ignore', detached: true });
  holders.set(stage, child);
  await eventually('the lock', HOLD_MS_MAX, () => Promise.resolve(existsSync(join(stage.root, 'locked')) ? true : undefined));
}

function endGroup(stage: Stage): void {
  const child = holders.get(stage);
  holders.delete(stage);
  if (typeof child === 'object' && 'pid' in child && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
}

const elsewhere = (stage: Stage): string => {
  mkdirSync(join(stage.root, 'outside'), { recursive: true });
  writeFileSync(join(stage.root, 'outside/target'), 'x\n');
  return join(stage.root, 'outside/target');
};

/** All that lies there is to go, by each program's plainest rule; `glob` is what logrotate is pointed at. */
function everything(what: string, glob: string, prepare: Scenario['prepare'], more: Partial<Scenario> = {}): Scenario {
  return {
    table: 'in-the-way', what,
    async prepare(stage) {
      stage.put(BESIDE);
      await prepare(stage);
    },
    logrotate: async (stage, program) => bare(await outcome(['rotate 0'], stage, () => stage.logrotate(program, glob, ['rotate 0']))),
    tmpfiles: async (stage, program) => bare(await outcome(['x'], stage, () => stage.tmpfiles(program, ['e STORE - - - mM:90d']))),
    mailwarden: async (stage) => bare(await outcome(['x'], stage, () => stage.mailwarden(['limits: { age: 90 days }']))),
    ...more,
  };
}

/** The words are the same in every row, and stand above the table. */
const bare = (text: string): string => text.slice(text.indexOf(': ') + 2);

/** What lies in a folder beside plain files, and where it lies. */
export const IN_THE_WAY: readonly Scenario[] = [
  everything('a plain file', '*', (stage) => stage.put('file')),
  everything('a file whose name is no UTF-8 and holds a line feed', 'file*', (stage) => {
    const name = Buffer.concat([Buffer.from(`${stage.store}/file`), Buffer.from([0x0a, 0xff])]);
    writeFileSync(name, 'x\n');
    execFileSync('/bin/sh', ['-c', 'touch -d "100 days ago" "$0"/file*', stage.store]);
  }),
  everything('a file with a second name elsewhere', '*', (stage) => {
    stage.put('file');
    mkdirSync(join(stage.root, 'outside'));
    linkSync(stage.path('file'), join(stage.root, 'outside/second'));
  }),
  everything('a symbolic link to a file elsewhere', '*', (stage) => {
    symlinkSync(elsewhere(stage), stage.path('link'));
    execFileSync('/bin/touch', ['--no-dereference', '--date=100 days ago', stage.path('link')]);
  }),
  everything('a file that a program has open for writing', '*', (stage) => {
    stage.put('file');
    holders.set(stage, openSync(stage.path('file'), 'a'));
  }, { tidy: letGo }),
  everything('a file with the sticky bit', '*', (stage) => {
    stage.put('file');
    chmodSync(stage.path('file'), 0o1644);
  }),
  everything('a FIFO', '*', (stage) => {
    execFileSync('/usr/bin/mkfifo', [stage.path('fifo')]);
    stage.age('fifo');
  }),
  everything('a socket at which a program listens', '*', async (stage) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(stage.path('socket'), resolve));
    holders.set(stage, server);
    stage.age('socket');
  }, { tidy: letGo }),
  everything('an empty folder', '*', (stage) => {
    mkdirSync(stage.path('empty'));
    stage.age('empty');
  }),
  everything('a folder that a program has locked (`flock`)', '*/*', async (stage) => {
    stage.put('locked/file');
    await lock(stage, 'locked');
  }, { tidy: endGroup }),
  everything('another file system below', '*/*', (stage) => {
    mkdirSync(stage.path('mounted'));
    execFileSync(MOUNT, ['-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', stage.path('mounted')]);
    stage.put('mounted/file');
  }, { onlyRoot: true, tidy: (stage) => void execFileSync('/bin/umount', ['--lazy', stage.path('mounted')]) }),
  everything('a folder that everyone may write to', '*', (stage) => {
    stage.put('file');
    chmodSync(stage.store, 0o777);
  }, { onlyRoot: true }),
  everything('a folder of another account', '*', (stage) => {
    stage.put('file');
    chownSync(stage.store, 1234, 1234);
  }, { onlyRoot: true }),
  {
    table: 'in-the-way', what: 'a file below `link/sub`, where `link` leads elsewhere and the rule names `link/sub`',
    prepare: (stage) => {
      stage.put('aside/sub/file');
      execFileSync('/bin/sh', ['-c', 'mv "$0/aside" "$0/../aside" && ln -s ../aside "$0/link"', stage.store]);
    },
    logrotate: (stage, program) => behind(stage, () => stage.logrotate(program, 'link/sub/*', ['rotate 0'])),
    tmpfiles: (stage, program) => behind(stage, () => stage.tmpfiles(program, ['e STORE/link/sub - - - m:90d'])),
    mailwarden: (stage) => behind(stage, () => stage.mailwarden(['limits: { age: 90 days }'], { files: 'link/sub/**' })),
  },
];

/** Whether the file behind the link is still there. */
async function behind(stage: Stage, run: () => unknown): Promise<string> {
  await run();
  return existsSync(join(stage.store, '../aside/sub/file')) ? 'stays' : 'goes: the link is followed';
}
