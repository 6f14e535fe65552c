import type { BytePath } from '@mailwarden/inventory';
import { halfNameOf, type FileWork } from './file-work.js';
import { spellingsOf } from './other-half.js';

const ASKED_AT_ONCE = 1_000;

/**
 * Which of these files a hold keeps by their rows. A row leaves with its file whatever its own time, which may be another than that of the file, as of one that was restored.
 * Errors: throws where the product's database gives no answer.
 */
export async function heldByRows<T extends { readonly folder: BytePath; readonly name: BytePath }>({ otherHalf, kept }: Pick<FileWork, 'otherHalf' | 'kept'>, files: readonly T[], rootOf: (file: T) => BytePath): Promise<ReadonlySet<T>> {
  const held = new Set<T>();
  if (otherHalf === null || kept.spans.length === 0) return held;
  for (let at = 0; at < files.length; at += ASKED_AT_ONCE) {
    const some = files.slice(at, at + ASKED_AT_ONCE).map((file) => ({ file, names: spellingsOf(halfNameOf({ root: rootOf(file), folder: file.folder, name: file.name })) }));
    const found = await otherHalf.rows.filesHeld(some.flatMap(({ names }) => names), kept.spans);
    for (const { file, names } of some) if (names.some((name) => found.has(name))) held.add(file);
  }
  return held;
}
