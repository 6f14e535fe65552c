import { createHash } from 'node:crypto';
import { SIGNING_CONTEXTS, type TrustAnchors } from '@mailwarden/contracts';
import { canonicalJson, keyIdOf, verifySignature } from '@mailwarden/kernel';
import { AgreementContent } from './agreement-content.js';
import { KeptCheck } from './checkpoint-check.js';
import { NOTHING_KEPT, type Kept } from './kept.js';
import { LINE_BYTES_MAX, packLine, packSeal, type ManifestLine, type PackLine, type PeriodManifestLine } from './pack-lines.js';
import { PackNotes } from './pack-notes.js';
import type { CheckedEntry, PackVerdict } from './pack-verdict.js';
import { PeriodContent } from './period-content.js';

const END_OF_LINE = '\n';
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What a pack is checked against, beside itself. */
export interface PackKnowledge {
  /** Keys that are known from elsewhere: by its own keys a pack only proves that it is of one piece. */
  readonly anchors?: TrustAnchors | null;
  /** What somebody else kept of the ledger since; the pack must agree with it. */
  readonly kept?: Kept;
  /** Hears of each entry of a period, after it was checked. That it holds is only known at the end. */
  readonly onEntry?: (entry: CheckedEntry) => void;
}

/**
 * Checks a pack line by line, with nothing but the pack and what is known from elsewhere.
 * Shape: each line goes to `line` without its end, then `end` tells what came of it. Never throws on hostile input. Memory does not grow with the number of entries or servers, but for the keys of servers.
 */
export class PackVerifier {
  readonly #hash = createHash('sha256');
  readonly #found = new PackNotes();
  readonly #kept: KeptCheck;
  #manifest: ManifestLine | PeriodManifestLine | null = null;
  #content: AgreementContent | PeriodContent | null = null;
  #ended = false;

  constructor(private readonly known: PackKnowledge = {}) {
    this.#kept = new KeptCheck(known.kept ?? NOTHING_KEPT, this.#found);
  }

  line(bytes: Uint8Array | string): void {
    const found = this.#found;
    found.line += 1;
    if (this.#ended) return found.problem('not-whole', 'something comes after the end');
    const read = this.#read(bytes);
    if (read?.line.line === 'end') return this.#sealed(read.line, bytes);
    this.#hash.update(bytes).update(END_OF_LINE);
    if (read === null) return found.line === 1 ? found.problem('not-a-pack', 'it does not begin as an evidence pack does') : found.problem('bad-line', 'this is no line of an evidence pack');
    const { line, raw } = read;
    if (line.line === 'manifest') return this.#begun(line, raw);
    if (this.#content === null) return this.#manifest === null ? found.problem('not-a-pack', 'it does not begin with a manifest') : undefined;
    this.#content.line(line, raw);
  }

  end(): PackVerdict {
    const found = this.#found;
    if (found.line === 0) found.problem('not-a-pack', 'it is empty');
    else if (!this.#ended) found.problem('not-whole', 'its last line is missing: it was cut short');
    const { anchors, at } = this.#manifest ?? {};
    const agreement = this.#content instanceof AgreementContent ? this.#content : null;
    const period = this.#content instanceof PeriodContent ? this.#content : null;
    const head = agreement === null ? (this.#manifest?.schema === 'mailwarden/evidence-period/v1' ? this.#manifest.last.payload : null) : agreement.checkpoint;
    return {
      holds: found.problems.length === 0,
      problems: found.problems,
      notes: found.notes,
      agreement: this.#manifest?.schema === 'mailwarden/evidence-pack/v1' ? this.#manifest.agreement : null,
      period: period?.verdict ?? null,
      at: at ?? null,
      keys: anchors === undefined ? {} : { reporting: keyIdOf(anchors.reporting), rotation: keyIdOf(anchors.rotation), consent: keyIdOf(anchors.consent) },
      checkpoint: head === null ? null : { size: head.size, rootHash: head.rootHash, at: head.at },
      continues: this.#kept.continues,
      texts: agreement?.texts ?? 0,
      servers: agreement?.servers ?? period?.verdict.servers ?? 0,
      decisions: agreement?.decisions ?? [],
    };
  }

  /** Null for what is no line of a pack. */
  #read(bytes: Uint8Array | string): { readonly line: PackLine; readonly raw: unknown } | null {
    if (bytes.length > LINE_BYTES_MAX) return null;
    try {
      const raw: unknown = JSON.parse(typeof bytes === 'string' ? bytes : decoder.decode(bytes));
      const parsed = packLine.safeParse(raw);
      return parsed.success ? { line: parsed.data, raw } : null;
    } catch {
      return null;
    }
  }

  #begun(manifest: ManifestLine | PeriodManifestLine, raw: unknown): void {
    const found = this.#found;
    if (found.line !== 1) return found.problem('not-a-pack', 'there is a second manifest');
    this.#manifest = manifest;
    const { anchors } = this.known;
    if (anchors !== undefined && anchors !== null && canonicalJson(manifest.anchors) !== canonicalJson(anchors)) found.problem('other-keys', 'its keys are not those that you gave');
    if (manifest.schema === 'mailwarden/evidence-pack/v1') this.#content = new AgreementContent(manifest, (raw as { checkpoint: unknown }).checkpoint, this.#kept, found);
    else this.#content = new PeriodContent(manifest, raw as { first: unknown; last: unknown }, this.#kept, found, this.known.onEntry ?? (() => undefined));
  }

  #sealed({ lines, sha256: digest, keyId, signature }: Extract<PackLine, { line: 'end' }>, bytes: Uint8Array | string): void {
    const found = this.#found;
    this.#ended = true;
    if (this.#manifest === null) return found.problem('not-a-pack', 'it does not begin with a manifest');
    this.#content?.end();
    const { reporting } = this.#manifest.anchors;
    if (keyId !== keyIdOf(reporting) || !verifySignature(reporting, SIGNING_CONTEXTS.pack, packSeal(lines, digest), signature)) return found.problem('wrong-signature', 'the end is not signed by the reporting service');
    // Nothing seals the last line itself: it is the one text that says this, or another hand wrote it.
    const isAsWritten = Buffer.from(bytes as string).toString('utf8') === JSON.stringify({ line: 'end', lines, sha256: digest, keyId, signature }) && Buffer.from(signature, 'base64url').toString('base64url') === signature;
    if (!isAsWritten) return found.problem('not-whole', 'its last line is not as it was written');
    if (lines !== found.line - 1) return found.problem('not-whole', `${lines} lines were sealed, and ${found.line - 1} are there`);
    if (digest !== this.#hash.digest('hex')) found.problem('not-whole', 'something in it was changed after it was sealed, or its lines are in another order');
  }
}
