import { z } from 'zod';
import { count, instant } from './primitives.js';

/** What a limit counts, and with it the unit of its value: bytes, records, seconds of age, inodes, percent of the file system kept free. */
export const LIMIT_KINDS = ['bytes', 'records', 'age', 'inodes', 'free-space'] as const;
export type LimitKind = (typeof LIMIT_KINDS)[number];
export const LIMIT_UNITS: Readonly<Record<LimitKind, string>> = {
  bytes: 'bytes',
  records: 'records',
  age: 'seconds',
  inodes: 'inodes',
  'free-space': 'percent',
};

/** Who says so. The effective limit is policy, else configured, else documented. */
export const LIMIT_ORIGINS = ['documented', 'configured', 'policy'] as const;
export type LimitOrigin = (typeof LIMIT_ORIGINS)[number];

/** One limit of one store with where it comes from. Units: those of `LIMIT_UNITS[kind]`. */
export const statedLimit = z.object({
  kind: z.enum(LIMIT_KINDS),
  value: z.number().min(0),
  unit: z.string().max(20),
  origin: z.enum(LIMIT_ORIGINS),
  /** A page id of the profile, a file and key on the host, or a policy name. */
  source: z.string().max(300),
  /** The words of the source, as `1 GB`, beside the exact value. */
  written: z.string().max(100),
  /** Low watermark: where a rotation stops. Null where nobody sets one, as beside a limit of the vendor's. */
  target: z.number().min(0).nullable(),
  /** True for the one that counts. */
  used: z.boolean(),
});
export type StatedLimit = z.output<typeof statedLimit>;

/** When a store reaches a limit, by the pace of its own history. Units: those of the kind; days and seconds as named. */
export const forecast = z.object({
  kind: z.enum(['bytes', 'records']),
  limit: z.number().min(0),
  /** May be negative: then it shrinks. */
  perDay: z.number(),
  /** Null where it is not reached within what the history lets anybody see. */
  reachesAt: instant.nullable(),
  earliestAt: instant.nullable(),
  latestAt: instant.nullable(),
  historySeconds: count,
  points: count,
});
export type Forecast = z.output<typeof forecast>;
