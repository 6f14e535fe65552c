import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSwap } from './swap.js';

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'mailwarden-swap-'))));
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
const device = (name: string, files: Readonly<Record<string, string>> = {}): void => {
  put(`sys/class/block/${name}/size`, '1');
  for (const [file, text] of Object.entries(files)) put(`sys/class/block/${name}/${file}`, text);
};
const swaps = (...lines: string[]): void => put('proc/swaps', ['Filename Type Size Used Priority', ...lines, ''].join('\n'));
function told(): string {
  const state = readSwap({ proc: join(root, 'proc'), sys: join(root, 'sys') });
  return state.known ? state.value : `(${state.reason})`;
}
const partition = (name: string): string => `/dev/${name}\tpartition\t1024\t0\t-2`;

describe('where memory goes when it is moved out', () => {
  it('is nowhere without swap', () => {
    swaps();
    expect(told()).toBe('none');
  });
  it('is a disk that everybody who has it can read', () => {
    device('sda2');
    swaps(partition('sda2'));
    expect(told()).toBe('present');
  });
  it('is an encrypted disk, also with a volume in between', () => {
    device('dm-0', { 'dm/uuid': 'CRYPT-PLAIN-swap\n' });
    device('dm-1', { 'dm/uuid': 'LVM-abc\n', 'slaves/dm-0': '' });
    for (const name of ['dm-0', 'dm-1']) {
      swaps(partition(name));
      expect(told()).toBe('encrypted');
    }
  });
  it('is not encrypted when one of the disks below is not, or when only the name says so', () => {
    device('dm-0', { 'dm/uuid': 'CRYPT-LUKS2-x\n' });
    device('sdb1');
    device('dm-1', { 'dm/uuid': 'LVM-abc\n', 'slaves/dm-0': '', 'slaves/sdb1': '' });
    device('dm-2', { 'dm/uuid': 'LVM-CRYPT-\n', 'slaves/sdb1': '' });
    device('dm-3', { 'slaves/dm-3': '' }); // A circle.
    for (const name of ['dm-1', 'dm-2', 'dm-3']) {
      swaps(partition(name));
      expect(told()).toBe('present');
    }
  });
  it('is memory itself, unless that has a disk behind it', () => {
    device('sda2');
    device('zram0', { backing_dev: 'none\n' });
    device('zram1', { backing_dev: '/dev/sda2\n' });
    swaps(partition('zram0'));
    expect(told()).toBe('none');
    swaps(partition('zram0'), partition('zram1'));
    expect(told()).toBe('present');
  });
  it('is what the file system of a swap file lies on', () => {
    const file = join(root, 'swap file');
    put('swap file');
    const { dev } = statSync(file);
    const line = `${file.replaceAll(' ', '\\040')}\tfile\t1024\t0\t-2`;
    swaps(line);
    expect(told()).toBe('(which device the swap lies on cannot be told)');
    const numbers = `${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`;
    put(`sys/dev/block/${numbers}/uevent`, 'MAJOR=1\nDEVNAME=dm-7\n');
    device('dm-7', { 'dm/uuid': 'CRYPT-LUKS2-x' });
    expect(told()).toBe('encrypted');
    device('dm-7', { 'dm/uuid': 'LVM-x' });
    expect(told()).toBe('present');
  });
  it('is unknown for a device that nobody knows, and where the kernel shows nothing', () => {
    expect(told()).toBe('(/proc/swaps: the kernel does not show it)');
    swaps(partition('lost'));
    expect(told()).toBe('(which device the swap lies on cannot be told)');
  });
});
