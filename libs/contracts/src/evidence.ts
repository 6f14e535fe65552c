import { z } from 'zod';
import { count, instant, sha256Hex, slug, uuid } from './primitives.js';

/** What a service asks the ledger to keep: a statement and the hash of what it stands for. No personal data. */
export const evidence = z.object({
  schema: z.literal('mailwarden/evidence/v1'),
  kind: z.enum(['order', 'receipt', 'attestation', 'decision', 'policy', 'membership', 'operator-action', 'agreement-text']),
  id: z.string().max(100),
  service: slug,
  at: instant,
  /** SHA-256 of the canonical JSON of the signed document. */
  documentSha256: sha256Hex,
  /** Facts that an auditor filters by, never personal. */
  facts: z.record(slug, z.union([z.string().max(200), z.number(), z.boolean(), z.null()])),
});
export type Evidence = z.output<typeof evidence>;

export const checkpoint = z.object({
  schema: z.literal('mailwarden/checkpoint/v1'),
  size: count,
  rootHash: sha256Hex,
  at: instant,
});
export type Checkpoint = z.output<typeof checkpoint>;
export const deadLetter = z.object({
  schema: z.literal('mailwarden/dead-letter/v1'),
  id: uuid,
  consumer: slug,
  subject: z.string().max(256),
  reason: z.string().max(500),
  at: instant,
  /** The original bytes, base64; cut at the message limit. */
  original: z.string().max(100_000),
  /** How often it was put aside, this time included; absent for the first time from services that did not count. */
  tries: count.optional(),
});
export type DeadLetter = z.output<typeof deadLetter>;

/** A dead letter was given to its consumer again, which handled it. */
export const deadLetterSettled = z.object({ schema: z.literal('mailwarden/dead-letter-settled/v1'), id: uuid, consumer: slug, at: instant, tries: count });
export type DeadLetterSettled = z.output<typeof deadLetterSettled>;
