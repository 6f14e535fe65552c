import { canonicalJson, sha256 } from '@mailwarden/kernel';
import { NOTHING_KEPT, type Kept } from './kept.js';
import { keptCheckpoint } from './kept-checkpoint.js';
import type { SignedCheckpoint } from './pack-lines.js';
import { timeStampOf } from './time-stamp.js';

const DER_SEQUENCE = 0x30;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A line of the file of a time-stamp authority has the token beside the checkpoint: they must be of each other. */
function tokenFits(json: unknown, checkpoint: SignedCheckpoint): boolean {
  const token = (json as { readonly token?: unknown }).token;
  if (token === undefined) return true;
  const { payload, keyId, signature } = checkpoint;
  return typeof token === 'string' && timeStampOf(Buffer.from(token, 'base64'))?.imprint === sha256(canonicalJson({ payload, keyId, signature }));
}

/**
 * What a file that somebody kept says of the ledger: one checkpoint or one event that told of it, a witness's file of one checkpoint a line, or a time-stamp token.
 * A line that a crash cut short, or whose token is of another head, is passed over. Null where it is none of these.
 */
export function keptFrom(bytes: Uint8Array): Kept | null {
  if (bytes[0] === DER_SEQUENCE) {
    const stamp = timeStampOf(bytes);
    if (stamp !== null) return { ...NOTHING_KEPT, stamps: [{ imprint: stamp.imprint, at: stamp.at }] };
  }
  const text = Buffer.from(bytes).toString('utf8');
  const whole = parsed(text);
  const lines = keptCheckpoint(whole) === null ? text.split('\n').map(parsed) : [whole];
  const checkpoints = lines.flatMap((json) => {
    const checkpoint = keptCheckpoint(json);
    return checkpoint !== null && tokenFits(json, checkpoint) ? [checkpoint] : [];
  });
  return checkpoints.length === 0 ? null : { ...NOTHING_KEPT, checkpoints };
}
