import { z } from 'zod';
import { signedCheckpoint, type SignedCheckpoint } from './pack-lines.js';

/** The event by which a SIEM hears of a checkpoint, as far as it is needed. */
const told = z.object({ data: z.object({ at: z.string(), detail: z.object({ size: z.number(), rootHash: z.string(), keyId: z.string(), signature: z.string() }) }) });

/** A checkpoint that somebody kept: as the service signed it, or as the event `ledger.checkpoint` told of it, whole or its `data` alone. Null for anything else. */
export function keptCheckpoint(json: unknown): SignedCheckpoint | null {
  const plain = signedCheckpoint.safeParse(json);
  if (plain.success) return plain.data;
  const event = told.safeParse(json);
  const data = event.success ? event : told.safeParse({ data: json });
  if (!data.success) return null;
  const { at, detail: { size, rootHash, keyId, signature } } = data.data.data;
  const rebuilt = signedCheckpoint.safeParse({ payload: { schema: 'mailwarden/checkpoint/v1', size, rootHash, at }, keyId, signature });
  return rebuilt.success ? rebuilt.data : null;
}
