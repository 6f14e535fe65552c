import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { swapAreas, swapState, type SwapArea, type SwapRest } from '@mailwarden/inventory';
import { known, unknown, type Measured } from '@mailwarden/kernel';
import { KERNEL, kernelText, type KernelFiles } from './kernel-files.js';

/** Name of the mapping that dm-crypt makes. Source: cryptsetup, dm/uuid. */
const ENCRYPTED = /^CRYPT-/;
const IN_MEMORY = /^zram\d+$/;
/** Devices lie on devices; deeper than this is a circle. */
const DEVICES_DEEP_MAX = 16;
const UNTOLD = unknown('which device the swap lies on cannot be told');

const firstLine = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return undefined;
  }
};

function slavesOf(device: string): string[] {
  try {
    return readdirSync(`${device}/slaves`);
  } catch {
    return []; // A partition, or a disk, lies on nothing.
  }
}

/** A device is encrypted when it is, or when everything that it lies on is. */
function isEncrypted(device: string, { sys }: KernelFiles, deep = 0): boolean {
  if (ENCRYPTED.test(firstLine(`${device}/dm/uuid`) ?? '')) return true;
  const below = slavesOf(device);
  return below.length > 0 && deep < DEVICES_DEEP_MAX && below.every((name) => isEncrypted(`${sys}/class/block/${name}`, { sys, proc: '' }, deep + 1));
}

function restOfDevice(name: string, kernel: KernelFiles): Measured<SwapRest> {
  const device = `${kernel.sys}/class/block/${name}`;
  if (!exists(device)) return UNTOLD;
  if (!IN_MEMORY.test(name)) return known(isEncrypted(device, kernel) ? 'encrypted' : 'plain');
  const backing = firstLine(`${device}/backing_dev`) ?? 'none';
  return backing === 'none' ? known('memory') : restOfDevice(basename(backing), kernel); // What does not fit goes there.
}

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

/** Name of the device that a file of the host lies on. */
function deviceOf(path: Buffer, { sys }: KernelFiles): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const [major, minor] = [(stat.dev >> 8) & 0xfff, (stat.dev & 0xff) | ((stat.dev >> 12) & 0xfff00)];
  return /^DEVNAME=(.+)$/m.exec(firstLine(`${sys}/dev/block/${major}:${minor}/uevent`) ?? '')?.[1];
}

function restOf({ path, isFile }: SwapArea, kernel: KernelFiles): Measured<SwapRest> {
  try {
    const name = isFile ? deviceOf(Buffer.from(path, 'latin1'), kernel) : basename(path);
    return name === undefined ? UNTOLD : restOfDevice(name, kernel);
  } catch {
    return UNTOLD;
  }
}

/** Whether memory can reach a disk through swap, and whether it is encrypted there. Swap within memory itself, as zram, reaches none. */
export function readSwap(kernel = KERNEL): Measured<'none' | 'present' | 'encrypted'> {
  const text = kernelText(`${kernel.proc}/swaps`);
  return text.ok ? swapState(swapAreas(text.value).map((area) => restOf(area, kernel)), '/proc/swaps') : unknown(`/proc/swaps: ${text.error}`);
}
