import type { BytePath } from '@mailwarden/inventory';
import { pathOf, type FilePlace, type StorePatterns } from './store-file.js';

/** Names of one moment that are tried, where others are taken. */
const SAME_MOMENT_MAX = 9;
const NAME_BYTES_MAX = 255;

/** `20261125T041300`, by the clock of Greenwich: it never runs twice through one hour. */
const stampOf = (nowMs: number): string => new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');

function shapesOf(name: BytePath, stamp: string): BytePath[] {
  const dot = name.lastIndexOf('.');
  const shapes = [`${name}-${stamp}`, `${name}.${stamp}`];
  return dot > 0 ? [...shapes, `${name.slice(0, dot)}-${stamp}${name.slice(dot)}`] : shapes;
}

/**
 * Names that a log may get when it is set aside: the first shape that the profile's own patterns take in, so that it stays a part of its store, and that is not again one that is being written.
 * Empty where no shape is.
 */
export function generationNames(place: FilePlace, { own, excluded, active }: StorePatterns, nowMs: number): BytePath[] {
  const stamps = [stampOf(nowMs), ...Array.from({ length: SAME_MOMENT_MAX }, (_, index) => `${stampOf(nowMs)}-${index + 1}`)];
  const fits = (name: BytePath): boolean => {
    const path = pathOf({ ...place, name });
    return name.length <= NAME_BYTES_MAX && own.matches(path) && !excluded.matches(path) && !active.matches(path);
  };
  const shape = shapesOf(place.name, stamps[0] ?? '').findIndex(fits);
  return shape === -1 ? [] : stamps.flatMap((stamp) => shapesOf(place.name, stamp)[shape] ?? []).filter(fits);
}
