import { err, ok, type Result } from './result.js';

const FACTORS: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  PB: 1e15,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  PiB: 2 ** 50,
};

const BYTE_COUNT = /^(\d{1,15}(?:\.\d{1,6})?) ?([KMGTP]?i?B)$/;

/**
 * Reads a size as people write it: `1 GB` (10^9 bytes) or `1 GiB` (2^30 bytes).
 * Units: bytes. Errors: the text that explains what was expected.
 */
export function parseByteCount(text: string): Result<number, string> {
  const match = BYTE_COUNT.exec(text.trim());
  const factor = match?.[2] === undefined ? undefined : FACTORS[match[2]];
  if (match?.[1] === undefined || factor === undefined) {
    return err(`a size is a number with a unit, as "500 MB" (10^6) or "1 GiB" (2^30); this is "${text.slice(0, 40)}"`);
  }
  const bytes = Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(bytes) ? ok(bytes) : err(`"${text}" is larger than any file system holds`);
}

const STEPS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Writes a size for people, in decimal units with three significant digits: `1.31 GB`. */
export function formatByteCount(bytes: number): string {
  let value = bytes;
  let step = 0;
  while (Math.abs(value) >= 999.5 && step < STEPS.length - 1) {
    value /= 1000;
    step += 1;
  }
  const digits = step === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${STEPS[step] ?? 'PB'}`;
}
