import type { BytePath } from '@mailwarden/inventory';

/** One file that an order is about to move, with what it was when it was planned. Units: bytes, allocated for `bytes`; milliseconds since 1970. */
export interface IntendedMove {
  /** Its name in our own folder. */
  readonly n: number;
  /** Place in the list of `private-folder` records. */
  readonly root: number;
  /** Below the root. */
  readonly folder: BytePath;
  readonly name: BytePath;
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly bytes: number;
  /** A folder that is one item, with all that lies in it. */
  readonly isUnit?: true;
}

const NUMBER = 8;
const SHORT = 2;
const WIDE = 4;
/** Numbers of one move: device, inode, size, moment, bytes. */
const NUMBERS = 5;
const MOVE_BYTES = WIDE + NUMBERS * NUMBER + SHORT;
const FOLDER_BYTES = SHORT + SHORT;
const HEAD_BYTES = 2 * WIDE;
/** Set in the place of a move's folder where the move is of a folder. */
const UNIT = 0x8000_0000;

/**
 * Moves as bytes: each folder once, then each move with its folder's place. The slots count up from the first, so they are not written.
 * Shape: number of folders and of moves; folders (root, length, bytes); moves (folder, five numbers, length, bytes). Little-endian.
 */
export function packMoves(moves: readonly IntendedMove[]): Buffer {
  const folders = new Map<string, { root: number; folder: BytePath; place: number }>();
  const places = moves.map(({ root, folder }) => {
    const key = `${root} ${folder}`;
    const known = folders.get(key) ?? { root, folder, place: folders.size };
    folders.set(key, known);
    return known.place;
  });
  const folderBytes = [...folders.values()].reduce((sum, { folder }) => sum + FOLDER_BYTES + folder.length, 0);
  const bytes = Buffer.alloc(HEAD_BYTES + folderBytes + moves.reduce((sum, { name }) => sum + MOVE_BYTES + name.length, 0));
  let at = bytes.writeUInt32LE(moves.length, bytes.writeUInt32LE(folders.size, 0));
  for (const { root, folder } of folders.values()) {
    at = bytes.writeUInt16LE(folder.length, bytes.writeUInt16LE(root, at));
    at += bytes.write(folder, at, 'latin1');
  }
  for (const [index, { dev, ino, size, mtimeMs, bytes: allocated, name, isUnit }] of moves.entries()) {
    at = bytes.writeUInt32LE((places[index] ?? 0) + (isUnit === true ? UNIT : 0), at);
    for (const number of [dev, ino, size, mtimeMs, allocated]) at = bytes.writeDoubleLE(number, at);
    at = bytes.writeUInt16LE(name.length, at);
    at += bytes.write(name, at, 'latin1');
  }
  return bytes;
}

/** Reads what `packMoves` wrote. Errors: throws a RangeError where the bytes end too early or say more than they should. */
export function unpackMoves(bytes: Buffer, first: number): IntendedMove[] {
  const folders = bytes.readUInt32LE(0);
  const count = bytes.readUInt32LE(WIDE);
  let at = HEAD_BYTES;
  const text = (length: number): BytePath => {
    if (at + length > bytes.length) throw new RangeError('a name ends beyond the record');
    at += length;
    return bytes.toString('latin1', at - length, at);
  };
  const places = Array.from({ length: folders }, () => {
    const [root, length] = [bytes.readUInt16LE(at), bytes.readUInt16LE(at + SHORT)];
    at += FOLDER_BYTES;
    return { root, folder: text(length) };
  });
  const moves = Array.from({ length: count }, (_move, index): IntendedMove => {
    const told = bytes.readUInt32LE(at);
    const place = places[told >= UNIT ? told - UNIT : told];
    if (place === undefined) throw new RangeError('a move names no folder');
    const [dev = 0, ino = 0, size = 0, mtimeMs = 0, allocated = 0] = Array.from({ length: NUMBERS }, (_number, field) => bytes.readDoubleLE(at + WIDE + field * NUMBER));
    const length = bytes.readUInt16LE(at + WIDE + NUMBERS * NUMBER);
    at += MOVE_BYTES;
    return { n: first + index, ...place, name: text(length), dev, ino, size, mtimeMs, bytes: allocated, ...(told >= UNIT ? { isUnit: true } : {}) };
  });
  if (at !== bytes.length) throw new RangeError('bytes are left over');
  return moves;
}

/** Which of a batch, one bit for each, in the order of the batch. */
export function packPlaces(places: readonly number[], count: number): Buffer {
  const bits = Buffer.alloc(Math.ceil(count / 8));
  for (const place of places) bits[place >> 3] = (bits[place >> 3] ?? 0) | (1 << (place & 7));
  return bits;
}

export const isPacked = (bits: Buffer, place: number): boolean => ((bits[place >> 3] ?? 0) & (1 << (place & 7))) !== 0;
