import type { Measured } from '@mailwarden/kernel';
import { known, unknown } from '@mailwarden/kernel';
import type { BytePath } from './pattern.js';

/** A place that memory is moved to. */
export interface SwapArea {
  /** Device, or file, as the kernel names it. */
  readonly path: BytePath;
  readonly isFile: boolean;
}

/** What becomes of memory that is moved to one place: it stays in memory, it is encrypted, or it can be read from a disk. */
export type SwapRest = 'memory' | 'encrypted' | 'plain';

/** Spaces and the like in names are written as octal numbers. Source: proc_swaps(5), mangle_path. */
const unmangled = (name: string): BytePath => name.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** Reads what `/proc/swaps` lists, as bytes. */
export function swapAreas(text: string): SwapArea[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.split(/[\t ]+/))
    .flatMap(([path, type]) => (path !== undefined && path !== '' && type !== undefined ? [{ path: unmangled(path), isFile: type === 'file' }] : []));
}

/** The state of all places together: the worst counts, and one that cannot be told is worse than an encrypted one. */
export function swapState(rests: readonly Measured<SwapRest>[], source: string): Measured<'none' | 'present' | 'encrypted'> {
  if (rests.some((rest) => rest.known && rest.value === 'plain')) return known('present', source);
  const untold = rests.find((rest) => !rest.known);
  if (untold?.known === false) return unknown(untold.reason);
  return known(rests.some((rest) => rest.known && rest.value === 'encrypted') ? 'encrypted' : 'none', source);
}
