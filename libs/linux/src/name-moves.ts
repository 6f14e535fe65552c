import { cText } from './c-bytes.js';
import { C_LIBRARY, errorName, lastError } from './c-library.js';

const move = C_LIBRARY.func('int renameat2(int fromFolder, const uint8_t *from, int toFolder, const uint8_t *to, unsigned int flags)') as (fromFolder: number, from: Uint8Array, toFolder: number, to: Uint8Array, flags: number) => number;

/** Source: linux/fs.h. */
const NO_REPLACE = 1;
const EXCHANGE = 2;

/** An entry by the descriptor of its folder and its name as bytes in Latin-1. */
export interface NameInFolder {
  readonly folder: number;
  readonly name: string;
}

const moved = (from: NameInFolder, to: NameInFolder, flags: number): string | null => (move(from.folder, cText(from.name).bytes, to.folder, cText(to.name).bytes, flags) === 0 ? null : errorName(lastError()));

/** Gives an entry another name, which nobody has. Returns null, or the kernel's name of why not: `EEXIST` where the name is taken. Source: rename(2), RENAME_NOREPLACE. */
export const moveToFreeName = (from: NameInFolder, to: NameInFolder): string | null => moved(from, to, NO_REPLACE);

/** Two entries change their names in one step: at no moment is either missing. Returns null, or the kernel's name of why not. Source: rename(2), RENAME_EXCHANGE. */
export const exchangeNames = (one: NameInFolder, other: NameInFolder): string | null => moved(one, other, EXCHANGE);
