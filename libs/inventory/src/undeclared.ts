import type { UndeclaredData } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { isInside, type BytePath } from './pattern.js';

/** Folders of the system that are told by name; the first that a path lies in counts. Privacy: nothing below them is ever told. */
const PLACES = ['/var/lib', '/var/spool', '/var/mail', '/var/tmp', '/var/log', '/var/cache', '/var/opt', '/var/backups', '/var/www', '/var', '/tmp', '/home', '/root', '/srv', '/opt', '/etc', '/usr', '/mnt', '/media'] as const;
const OTHER_PLACE = 'other';

/** What is no data on a disk, or tells of other machines: the kernel's own trees, and containers, in which the number of an account is another account. */
const NEVER_ENTERED = ['/proc', '/sys', '/dev', '/run', '/var/run', '/var/lib/docker', '/var/lib/containerd', '/var/lib/containers', '/var/lib/lxc', '/var/lib/lxd', '/var/lib/machines', '/var/lib/kubelet', '/var/snap', '/snap'];
/** What packages bring along, with letters for tests and examples among it; and folders of persons, where owners are looked at and nothing is read. */
const NEVER_READ = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/boot', '/nix', '/var/lib/dpkg', '/var/lib/rpm', '/home', '/root'];
/** Folders of programs, wherever they are unpacked: what lies in them came with the program. */
const OF_PROGRAMS = /\/(?:node_modules|site-packages|dist-packages|gems|\.git|doc|docs|examples?|tests?|testdata|fixtures)\//;

/** The folder of the system that a path lies in. */
export const placeOf = (path: BytePath): string => PLACES.find((place) => isInside(path, place)) ?? OTHER_PLACE;
/** False for a folder that holds no data of this host. */
export const mayHoldUndeclared = (folder: BytePath): boolean => !NEVER_ENTERED.some((never) => isInside(folder, never));
/** False where what looks like a letter would be an example, or lies in a folder of a person. */
export const mayBeReadForLetters = (path: BytePath): boolean => !OF_PROGRAMS.test(path) && !NEVER_READ.some((never) => isInside(path, never));

/** What is read of a file's beginning. Units: bytes. */
export const HEAD_BYTES = 4_096;
/** Fewer fields than this are seen in settings, notes and logs as well. */
const FIELDS_MIN = 4;
const POSTMARK = /^>?From \S+ .{10,40}\d{4}\s*$/;
/** The line that programs for source code put before a patch; a patch is no letter yet. Source: git-format-patch(1). */
const PATCH = /^From [0-9a-f]{40,64} Mon Sep 17 00:00:00 2001\s*$/;
const FIELD = /^([!-9;-~]{1,76}):(?:\s|$)/;
const CONTINUED = /^[ \t]+\S/;
/** Fields that letters have. Source: RFC 5322, 3.6. */
const OF_LETTERS = new Set(['received', 'return-path', 'delivered-to', 'message-id', 'from', 'to', 'cc', 'date', 'subject', 'mime-version', 'content-type', 'reply-to', 'dkim-signature', 'x-original-to', 'x-envelope-from', 'x-envelope-to']);
/** Fields of which one is put in by whatever sends or carries a letter. */
const OF_CARRIERS = ['received', 'message-id', 'delivered-to', 'x-envelope-from'];

/** Names of the fields before the first empty line, in small letters; null where a line is none. */
function fieldsOf(lines: readonly string[], isCut: boolean): Set<string> | null {
  const names = new Set<string>();
  for (const [index, line] of lines.entries()) {
    if (line === '') return names;
    const name = FIELD.exec(line)?.[1];
    if (name !== undefined) names.add(name.toLowerCase());
    else if (names.size > 0 && CONTINUED.test(line)) continue;
    else return isCut && index === lines.length - 1 ? names : null;
  }
  return names;
}

/**
 * Whether a file begins as a letter or a mailbox does: fields of a letter and nothing else before the first empty line, who it is from, and what put it on its way.
 * One field alone proves nothing: settings, logs and patches have `From:` too. Source: RFC 5322, 3.6; mbox, RFC 4155.
 */
export function looksLikeLetter(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  if (text.includes('\0')) return false;
  const lines = text.split(/\r?\n/);
  const first = lines[0] ?? '';
  if (PATCH.test(first)) return false;
  const isMailbox = POSTMARK.test(first);
  const names = fieldsOf(isMailbox ? lines.slice(1) : lines, head.byteLength >= HEAD_BYTES);
  if (names === null) return false;
  const ofLetters = [...names].filter((name) => OF_LETTERS.has(name)).length;
  const isCarried = isMailbox || OF_CARRIERS.some((name) => names.has(name));
  return ofLetters >= FIELDS_MIN && isCarried && (names.has('from') || names.has('return-path'));
}

/** A file that was found where nothing is declared. */
export interface FoundFile {
  readonly path: BytePath;
  /** Units: bytes. */
  readonly size: number;
  /** Units: milliseconds since 1970. */
  readonly mtimeMs: number;
}

/** Whoever owns a file says when it was written, and how much it holds. The end of the year 9999. Units: milliseconds since 1970. */
const LATEST_MS = 253_402_300_799_999;

interface Sum {
  items: number;
  bytes: number;
  newestMs: number;
}

/** Adds up what one look found, by kind and place. It keeps no path. */
export class UndeclaredTally {
  readonly #sums = new Map<string, Sum>();

  add(kind: UndeclaredData['kind'], { path, size, mtimeMs }: FoundFile): void {
    const key = `${kind} ${placeOf(path)}`;
    const sum = this.#sums.get(key) ?? { items: 0, bytes: 0, newestMs: 0 };
    this.#sums.set(key, { items: sum.items + 1, bytes: Math.min(sum.bytes + size, Number.MAX_SAFE_INTEGER), newestMs: Math.max(sum.newestMs, Math.min(mtimeMs, LATEST_MS)) });
  }

  /** In a fixed order, so that two looks that found the same say the same. */
  list(): UndeclaredData[] {
    return [...this.#sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, { items, bytes, newestMs }]) => {
      const [kind, place] = key.split(' ') as [UndeclaredData['kind'], string];
      return { kind, place, items, bytes, newestAt: newestMs > 0 ? instantOf(Math.floor(newestMs)) : null };
    });
  }
}
