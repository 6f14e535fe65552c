import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Mounts what lies outside over folders of the store, by bind and by overlay, and takes it away again, until it is told to stop. Runs in the mount namespace of the race. */
const [root = '', store = ''] = process.argv.slice(2);
const outside = join(root, 'outside');
const MOUNTS: readonly (readonly [string, readonly string[]])[] = [
  ['mounted/bind', ['--bind', join(outside, 'mounted/bind')]],
  ['mounted/overlay', ['-t', 'overlay', '-o', `lowerdir=${join(outside, 'mounted/overlay')},upperdir=${join(root, 'overlay/upper')},workdir=${join(root, 'overlay/work')}`, 'overlay']],
];
/** A mount costs more than all that the other attackers do meanwhile: they get their turn. Units: milliseconds. */
const PAUSE_MS = 10;
let isOn = false;
let mounts: Record<string, number> = {};

/** The store may be away for the moment: then there is nothing to mount over. */
const run = (program: string, ...args: readonly string[]): boolean => spawnSync(program, args, { stdio: 'ignore' }).status === 0;

function attack(): void {
  for (const [folder, how] of MOUNTS) {
    if (!run('/usr/bin/mount', ...how, join(store, folder))) continue;
    mounts[folder] = (mounts[folder] ?? 0) + 1;
    run('/usr/bin/umount', join(store, folder));
  }
  if (isOn) setTimeout(attack, PAUSE_MS);
  else end();
}

/** A mount that came down while its folder was elsewhere. */
function end(): void {
  const left = readFileSync('/proc/self/mounts', 'utf8').split('\n').flatMap((line) => line.split(' ')[1] ?? []).filter((place) => place.startsWith(`${root}/`));
  for (const place of left.reverse()) execFileSync('/usr/bin/umount', [place]);
  process.send?.(mounts);
}

process.on('message', (order: 'on' | 'off') => {
  isOn = order === 'on';
  if (!isOn) return;
  mounts = {};
  process.send?.('on');
  setImmediate(attack);
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
