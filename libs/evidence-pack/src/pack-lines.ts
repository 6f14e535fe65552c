import { agreementText, checkpoint, count, decision, instant, serverName, sha256Hex, signedMembership, slug, trustAnchors } from '@mailwarden/contracts';
import { z } from 'zod';

const signature = z.string().max(100);
const keyId = z.string().regex(/^[0-9a-f]{16}$/);

/** An entry of the ledger with its proof against the checkpoint of the pack. */
const leaf = z.object({ index: count, inclusion: z.array(sha256Hex).max(64), /** Exactly what was hashed. */ document: z.unknown() });
export type Leaf = z.output<typeof leaf>;

/** A head of the ledger, as the reporting service signed it. */
export const signedCheckpoint = z.object({ payload: checkpoint, keyId, signature });
export type SignedCheckpoint = z.output<typeof signedCheckpoint>;

/** That the log of so many entries is the beginning of the one that a head of the pack is of, or goes on from it; absent where nobody asked since when. */
const since = z.object({ size: count, proof: z.array(sha256Hex).max(64) });

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
  since: since.optional(),
});
export type ManifestLine = z.output<typeof manifest>;

/** The first line of a pack about a period: what the ledger took in between two of its signed heads, whatever it is about. */
const periodManifest = z.object({
  line: z.literal('manifest'),
  schema: z.literal('mailwarden/evidence-period/v1'),
  at: instant,
  from: instant,
  to: instant,
  /** Entries that are about another server are told by hashes alone; null where all are told. */
  server: serverName.nullable(),
  anchors: trustAnchors,
  /** The newest head that was signed before the period. Null where the period begins before the ledger. */
  first: signedCheckpoint.nullable(),
  /** The first head that was signed after the period, or the newest. */
  last: signedCheckpoint,
  /** Roots of the perfect subtrees of the ledger that `first` is of, largest first: with them and the entries that follow, every later root can be computed. */
  frontier: z.array(sha256Hex).max(64),
  since: since.optional(),
});
export type PeriodManifestLine = z.output<typeof periodManifest>;
/** A membership from before the period, with its way to the first head: whose key counts at its beginning. */
const member = z.object({ line: z.literal('member'), leaf });
export type MemberLine = z.output<typeof member>;
/** One entry of the ledger. `hash`: of its leaf, so that the line that was changed can be named. */
const entry = z.object({ line: z.literal('entry'), index: count, hash: sha256Hex, /** Exactly what was hashed. */ document: z.unknown() });
export type EntryLine = z.output<typeof entry>;
/** Entries of others, `to` not included: the roots of the perfect subtrees that tile them, from the left. */
const others = z.object({ line: z.literal('others'), from: count, to: count, hashes: z.array(sha256Hex).min(1).max(128) });
export type OthersLine = z.output<typeof others>;
/** A head that was signed when the ledger had just the entries before this line: what comes before was there at its time. */
const head = z.object({ line: z.literal('checkpoint'), checkpoint: signedCheckpoint });
export type HeadLine = z.output<typeof head>;
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

export const packLine = z.discriminatedUnion('line', [z.discriminatedUnion('schema', [manifest, periodManifest]), text, decided, server, member, entry, others, head, end]);
export type PackLine = z.output<typeof packLine>;

/** What the signature of the last line is over. */
export const packSeal = (lines: number, sha256: string): { readonly lines: number; readonly sha256: string } => ({ lines, sha256 });

/** Longest line: the longest text of an agreement, written in JSON. Units: bytes, or characters of a text. */
export const LINE_BYTES_MAX = 1_500_000;
