/** What stands at the beginning of a core file: its notes follow the program headers. Units: bytes. */
export const CORE_HEAD_BYTES = 65_536;
const MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const TYPE_CORE = 4;
const SEGMENT_NOTE = 4;
/** Note that tells of the process. Source: elf(5), NT_PRPSINFO; `struct elf_prpsinfo` of 64-bit systems. */
const NOTE_PROCESS = 3;
const PROGRAM_AT = 40;
const PROGRAM_LENGTH = 16;
const NOTE_HEAD_BYTES = 12;
/** The kernel writes the notes first, and the one about the process right behind that of its first thread. A file that says otherwise may go on without end. */
const SEGMENTS_MAX = 64;
const NOTES_MAX = 1_000;
const padded = (length: number): number => Math.ceil(length / 4) * 4;

/**
 * Name of the program that a core file is of, as the kernel wrote it into the file: cut after 15 bytes. Null where the beginning of a file is none of a core
 * of a 64-bit program. Safety: the file may hold anything; nothing beyond what was read is looked at.
 */
export function programOfCore(head: Buffer): string | null {
  try {
    if (!head.subarray(0, 4).equals(MAGIC) || head[4] !== CLASS_64) return null;
    const little = head[5] === LITTLE_ENDIAN;
    const u16 = (at: number): number => (little ? head.readUInt16LE(at) : head.readUInt16BE(at));
    const u32 = (at: number): number => (little ? head.readUInt32LE(at) : head.readUInt32BE(at));
    const u64 = (at: number): number => Number(little ? head.readBigUInt64LE(at) : head.readBigUInt64BE(at));
    if (u16(16) !== TYPE_CORE) return null;
    const [segments, size, count] = [u64(32), u16(54), u16(56)];
    for (let index = 0; index < Math.min(count, SEGMENTS_MAX); index += 1) {
      const segment = segments + index * size;
      if (u32(segment) !== SEGMENT_NOTE) continue;
      const end = u64(segment + 8) + u64(segment + 32);
      for (let [note, left] = [u64(segment + 8), NOTES_MAX]; note + NOTE_HEAD_BYTES <= end; left -= 1) {
        if (left === 0) return null;
        const content = note + NOTE_HEAD_BYTES + padded(u32(note));
        if (u32(note + 8) === NOTE_PROCESS) return textAt(head, content + PROGRAM_AT);
        note = content + padded(u32(note + 4));
      }
    }
    return null;
  } catch {
    return null; // It ends before what it says it holds.
  }
}

function textAt(head: Buffer, at: number): string | null {
  if (at + PROGRAM_LENGTH > head.length) return null;
  const text = head.toString('latin1', at, at + PROGRAM_LENGTH);
  const end = text.indexOf('\0');
  return end === 0 ? null : text.slice(0, end === -1 ? undefined : end);
}
