import { trustAnchors, type TrustAnchors } from '@mailwarden/contracts';
import { keptFrom, type Kept } from '@mailwarden/evidence-pack';
import { CommandFailure } from '../failure.js';
import { boundedBytes } from './named-file.js';

/** A file with three keys. Units: bytes. */
const TRUST_BYTES_MAX = 10_000;
/** A witness's file: some fifty thousand checkpoints. Units: bytes. */
const KEPT_BYTES_MAX = 16_000_000;

/** The keys of the services as somebody knows them. Errors: CommandFailure for what holds none. */
export async function keysIn(file: string): Promise<TrustAnchors> {
  const bytes = await boundedBytes(file, TRUST_BYTES_MAX, { tooLong: [`${file} is too long for a file of keys`, 'name the trust.json of the services'], advice: 'name the trust.json of the services' });
  try {
    return trustAnchors.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    throw new CommandFailure(`${file} does not hold the keys of the services`, 'name the trust.json that the services were set up with', [], { cause });
  }
}

/** What somebody kept of the ledger. Errors: CommandFailure for what holds nothing of it. */
export async function keptIn(file: string): Promise<Kept> {
  const advice = 'name a file with an event ledger.checkpoint, as a SIEM keeps it, the file of a witness, or a time-stamp token';
  const bytes = await boundedBytes(file, KEPT_BYTES_MAX, { tooLong: [`${file} is too long for checkpoints`, 'name a file with fewer of them'], advice });
  const kept = keptFrom(bytes);
  if (kept === null) throw new CommandFailure(`${file} does not hold a checkpoint`, advice);
  return kept;
}
