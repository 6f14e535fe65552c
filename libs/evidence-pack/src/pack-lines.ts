import { agreementText, checkpoint, count, decision, instant, sha256Hex, signedMembership, slug, trustAnchors } from '@mailwarden/contracts';
import { z } from 'zod';

const signature = z.string().max(100);
const keyId = z.string().regex(/^[0-9a-f]{16}$/);

/** An entry of the ledger with its proof against the checkpoint of the pack. */
const leaf = z.object({ index: count, inclusion: z.array(sha256Hex).max(64), /** Exactly what was hashed. */ document: z.unknown() });
export type Leaf = z.output<typeof leaf>;

/** A head of the ledger, as the reporting service signed it. */
export const signedCheckpoint = z.object({ payload: checkpoint, keyId, signature });
export type SignedCheckpoint = z.output<typeof signedCheckpoint>;

/** The first line: what the pack is about, by whose keys it is checked, and the signed head of the ledger. */
const manifest = z.object({
  line: z.literal('manifest'),
  schema: z.literal('mailwarden/evidence-pack/v1'),
  at: instant,
  agreement: slug,
  title: z.string().max(200),
  anchors: trustAnchors,
  /** Null while nothing was signed yet. */
  checkpoint: signedCheckpoint.nullable(),
  /** That the log of so many entries is the beginning of the one that the checkpoint is of; absent where nobody asked since when. */
  since: z.object({ size: count, proof: z.array(sha256Hex).max(64) }).optional(),
});
export type ManifestLine = z.output<typeof manifest>;
const text = z.object({ line: z.literal('text'), text: agreementText });
export type TextLine = z.output<typeof text>;
/** A decision as the registry has it, with the names of persons; and the ledger's entry, which has its hash alone. */
const decided = z.object({ line: z.literal('decision'), decision, leaf: leaf.nullable() });
export type DecisionLine = z.output<typeof decided>;
/** A server of the fleet, and the newest that its agent attested. */
const server = z.object({ line: z.literal('server'), membership: signedMembership, attestation: leaf.nullable() });
export type ServerLine = z.output<typeof server>;
/** The last line: how many lines came before it, and the SHA-256 of their bytes. */
const end = z.object({ line: z.literal('end'), lines: count, sha256: sha256Hex, keyId, signature });

export const packLine = z.discriminatedUnion('line', [manifest, text, decided, server, end]);
export type PackLine = z.output<typeof packLine>;

/** What the signature of the last line is over. */
export const packSeal = (lines: number, sha256: string): { readonly lines: number; readonly sha256: string } => ({ lines, sha256 });

/** Longest line: the longest text of an agreement, written in JSON. Units: characters. */
export const LINE_CHARACTERS_MAX = 1_500_000;
