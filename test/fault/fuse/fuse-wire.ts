/**
 * The few words of the kernel's FUSE protocol that a file system for tests needs.
 * Source: include/uapi/linux/fuse.h of Linux; protocol 7.31, which every kernel since 5.4 speaks.
 */
export const MAJOR = 7;
export const MINOR = 31;
const IN_HEADER_BYTES = 40;
const OUT_HEADER_BYTES = 16;
const INIT_BYTES = 64;
const DIRENT_HEADER_BYTES = 24;
const BLOCK_BYTES = 512;
const WRITE_BYTES_MAX = 131_072;
const NAMES_ALIGNED_TO = 8;
const DT_BY_KIND = { folder: 4, file: 8 } as const;
const FOLDER_TYPE = 0o040000;
const MODE_BY_KIND = { folder: 0o040755, file: 0o100644 } as const;

export const OPERATIONS: Readonly<Record<number, string>> = { 1: 'lookup', 2: 'forget', 3: 'getattr', 9: 'mkdir', 10: 'unlink', 11: 'rmdir', 12: 'rename', 14: 'open', 15: 'read', 17: 'statfs', 18: 'release', 20: 'fsync', 25: 'flush', 26: 'init', 27: 'opendir', 28: 'readdir', 29: 'releasedir', 30: 'fsyncdir', 36: 'interrupt', 38: 'destroy', 42: 'batch-forget', 45: 'rename2' };

export interface Request {
  readonly operation: string;
  readonly unique: bigint;
  readonly node: number;
  readonly body: Buffer;
}

/** One entry of the tree. Its number is its place in the list of all; the root is number 1. */
export interface Node {
  readonly number: number;
  path: string;
  name: string;
  readonly kind: 'folder' | 'file';
  readonly bytes: number;
  /** Rights of a folder that was made later; those of the rest are the usual ones. */
  readonly mode?: number;
}

export function requestIn(message: Buffer): Request {
  return { operation: OPERATIONS[message.readUInt32LE(4)] ?? 'other', unique: message.readBigUInt64LE(8), node: Number(message.readBigUInt64LE(16)), body: message.subarray(IN_HEADER_BYTES) };
}

/** An answer as the kernel takes it. `errno` is positive, 0 for success. */
export function answer(unique: bigint, errno: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(OUT_HEADER_BYTES);
  header.writeUInt32LE(OUT_HEADER_BYTES + body.length, 0);
  header.writeInt32LE(-errno, 4);
  header.writeBigUInt64LE(unique, 8);
  return Buffer.concat([header, body]);
}

export function initOut(): Buffer {
  const out = Buffer.alloc(INIT_BYTES);
  out.writeUInt32LE(MAJOR, 0);
  out.writeUInt32LE(MINOR, 4);
  out.writeUInt32LE(WRITE_BYTES_MAX, 20);
  out.writeUInt32LE(1, 24); // Times in nanoseconds.
  return out;
}

const ATTRIBUTE_BYTES = 88;
export const MODIFIED_S = 1_700_000_000;

function attributes(node: Node): Buffer {
  const out = Buffer.alloc(ATTRIBUTE_BYTES);
  out.writeBigUInt64LE(BigInt(node.number), 0);
  out.writeBigUInt64LE(BigInt(node.bytes), 8);
  out.writeBigUInt64LE(BigInt(Math.ceil(node.bytes / BLOCK_BYTES)), 16);
  for (const at of [24, 32, 40]) out.writeBigUInt64LE(BigInt(MODIFIED_S), at);
  out.writeUInt32LE(node.mode === undefined ? MODE_BY_KIND[node.kind] : FOLDER_TYPE | node.mode, 60);
  out.writeUInt32LE(node.kind === 'folder' ? 2 : 1, 64);
  return out;
}

/** Nothing is kept by the kernel: each look asks again, and meets the fault that is in force. */
export function entryOut(node: Node): Buffer {
  const head = Buffer.alloc(40);
  head.writeBigUInt64LE(BigInt(node.number), 0);
  return Buffer.concat([head, attributes(node)]);
}

export const attributesOut = (node: Node): Buffer => Buffer.concat([Buffer.alloc(16), attributes(node)]);
export const openOut = (): Buffer => Buffer.alloc(16);
export const statfsOut = (): Buffer => Buffer.alloc(80);

const RENAME_HEAD_BYTES = { rename: 8, rename2: 16 } as const;
const MKDIR_HEAD_BYTES = 8;
const namesIn = (bytes: Buffer): string[] => bytes.toString('latin1').split('\0');

/** What a request names below its node: an entry that is there or is to be made, and for a move where to. */
export function namedIn({ operation, body }: Pick<Request, 'operation' | 'body'>): { readonly name: string; readonly to?: { readonly folder: number; readonly name: string }; readonly mode?: number } | null {
  if (operation === 'rename' || operation === 'rename2') {
    const [name = '', toName = ''] = namesIn(body.subarray(RENAME_HEAD_BYTES[operation]));
    return { name, to: { folder: Number(body.readBigUInt64LE(0)), name: toName } };
  }
  if (operation === 'mkdir') return { name: namesIn(body.subarray(MKDIR_HEAD_BYTES))[0] ?? '', mode: body.readUInt32LE(0) & ~body.readUInt32LE(4) };
  return operation === 'lookup' || operation === 'unlink' || operation === 'rmdir' ? { name: namesIn(body)[0] ?? '' } : null;
}

/** What is asked for by `read` and `readdir`: from where, and how much. */
export const extentIn = (body: Buffer): { offset: number; bytesMax: number } => ({ offset: Number(body.readBigUInt64LE(8)), bytesMax: body.readUInt32LE(16) });

/** As many of the entries from `offset` on as have room. */
export function direntsOut(entries: readonly Node[], offset: number, bytesMax: number): Buffer {
  const parts: Buffer[] = [];
  let room = bytesMax;
  for (let at = offset; at < entries.length; at += 1) {
    const entry = entries[at];
    if (entry === undefined) break;
    const name = Buffer.from(entry.name, 'latin1');
    const part = Buffer.alloc(Math.ceil((DIRENT_HEADER_BYTES + name.length) / NAMES_ALIGNED_TO) * NAMES_ALIGNED_TO);
    if (part.length > room) break;
    part.writeBigUInt64LE(BigInt(entry.number), 0);
    part.writeBigUInt64LE(BigInt(at + 1), 8);
    part.writeUInt32LE(name.length, 16);
    part.writeUInt32LE(DT_BY_KIND[entry.kind], 20);
    name.copy(part, DIRENT_HEADER_BYTES);
    parts.push(part);
    room -= part.length;
  }
  return Buffer.concat(parts);
}
