import type { Chance } from '../chance.js';

/** Most of a name's bytes on Linux file systems. Source: limits.h, NAME_MAX. */
export const NAME_BYTES_MAX = 255;
const HOSTILE_SHARE = 0.15;

/** Beginnings that mail has brought to file names: each once broke a script, a table, a terminal or a page. All are valid text, so that a row can hold them. */
const HOSTILE_TEXTS = [
  'line\nfeed ',
  'car\rriage ',
  'tab\there ',
  '-rf ',
  '--no-preserve-root ',
  '=1+1|cmd ',
  '+cmd ',
  '@SUM ',
  '"double" ',
  "'single'; ",
  '`reboot` $(reboot) ',
  '; DROP TABLE backup; -- ',
  '%s%n%00 ',
  '..%2f..%2fetc%2fpasswd ',
  '..\u2215..\u2215etc\u2215passwd ',
  '\u2025 ',
  '... ',
  ' leading space ',
  '\u202Efdp.exe ',
  '\u200B\u200Bnothing ',
  '\u001B[31mred\u001B[0m ',
  '<img src=x onerror=alert(1)> ',
  '{{7*7}} ',
  '*?[a-z] ',
  'é\u0065\u0301 ',
  '邮件 ',
  '\u{1F4E7} ',
  '~root ',
  'CON.nul ',
  '#hash ',
  '\\\\server\\share ',
] as const;
/** Bytes that are no text in UTF-8: three different names of this kind once became one string. */
const HOSTILE_BYTES = [[0xff, 0xfe], [0x80, 0x81], [0xc3, 0x28], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf0, 0x9f]] as const;

function cutTo(text: string, bytesMax: number): string {
  let cut = text;
  while (Buffer.byteLength(cut) > bytesMax) cut = [...cut].slice(0, -1).join('');
  return cut;
}

/** Name of a letter's file, valid text and unique by its serial; some are hostile. */
export function letterName(chance: Chance, serial: string): string {
  const end = `${serial}.eml`;
  const drawn = chance.next();
  if (drawn > HOSTILE_SHARE) return `msg-${end}`;
  const text = drawn < HOSTILE_SHARE / 10 ? 'long'.repeat(70) : chance.pick(HOSTILE_TEXTS);
  return cutTo(text, NAME_BYTES_MAX - Buffer.byteLength(end)) + end;
}

/** Name as bytes, unique by its serial; some are no text at all. For stores whose names no row has to hold. */
export function rawName(chance: Chance, begin: string, serial: string, end: string): Buffer {
  const drawn = chance.next();
  if (drawn > HOSTILE_SHARE * 2) return Buffer.from(`${begin}${serial}${end}`);
  const middle = drawn < HOSTILE_SHARE ? Buffer.from(chance.pick(HOSTILE_BYTES)) : Buffer.from(chance.pick(HOSTILE_TEXTS));
  return Buffer.concat([Buffer.from(begin), middle, Buffer.from(`${serial}${end}`)]);
}
