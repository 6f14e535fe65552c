import { measured, RECEIPT_OUTCOMES, SKIP_REASONS, receipt, signedReceipt, watermark } from '@mailwarden/contracts';
import { z } from 'zod';

const count = z.number().int().min(0);
const amount = z.object({ items: count, bytes: count });
const moment = z.iso.datetime().nullable();

/** How one policy stands to one store after the command. */
export const ROTATE_STATES = ['in-order', 'waits', 'window-closed', 'watched', 'stays-over', 'stopped', 'failed', 'done'] as const;

const rotateStore = z.object({
  id: z.string(),
  profile: z.string(),
  policy: z.string(),
  policyMode: z.enum(['observe', 'ask', 'enforce']),
  watermarks: z.array(watermark),
  state: z.enum(ROTATE_STATES),
  /** What the state means here, and what to do; empty when there is nothing to say. */
  reason: z.string(),
  before: amount,
  planned: amount.extend({ oldestAt: moment, newestAt: moment, digest: z.string() }),
  skipped: z.array(z.object({ reason: z.enum(SKIP_REASONS), items: count })),
  /** What to know of a plan, as that another program rotates the log; what was carried out tells it in its receipt. */
  notes: z.array(z.string()).optional(),
  outcome: z.enum(RECEIPT_OUTCOMES).optional(),
  deleted: amount.optional(),
  after: measured(amount).optional(),
  /** Signed where a key was given, else plain. */
  receipt: z.union([signedReceipt, receipt]).optional(),
});

/** JSON of `mailwarden rotate`. */
export const rotateDocument = z.object({
  schema: z.literal('mailwarden/rotate/v1'),
  mode: z.enum(['plan', 'apply']),
  host: z.string(),
  root: z.string(),
  /** What the reader must know before the figures: labels that count for nothing here, earlier runs that were settled. */
  remarks: z.array(z.string()),
  stores: z.array(rotateStore),
  /** The exact list, with `--list`. `name` is the path below the root in base64 of its bytes: names on disk are no text. */
  list: z.array(z.object({ store: z.string(), policy: z.string(), name: z.base64(), bytes: count, at: moment })).optional(),
});
export type RotateDocument = z.output<typeof rotateDocument>;
export type RotateStore = RotateDocument['stores'][number];

/** JSON Schema of the document, for those who read it by program. */
export const rotateJsonSchema = (): Record<string, unknown> => z.toJSONSchema(rotateDocument, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>;
