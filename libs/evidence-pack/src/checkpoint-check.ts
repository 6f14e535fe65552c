import { SIGNING_CONTEXTS, type Checkpoint } from '@mailwarden/contracts';
import { canonicalJson, sha256, verifySignature, type PublicKeyText } from '@mailwarden/kernel';
import { verifyConsistency } from '@mailwarden/ledger';
import type { Kept, Stamp } from './kept.js';
import type { SignedCheckpoint } from './pack-lines.js';
import type { PackNotes } from './pack-notes.js';

/** True when the reporting service signed a head, with all that it says. `raw`: as it was read, with members that this version may not know. */
export const checkpointHolds = (key: PublicKeyText, raw: unknown): boolean => {
  const { payload, signature } = raw as SignedCheckpoint;
  return verifySignature(key, SIGNING_CONTEXTS.checkpoint, payload, signature);
};

interface Since {
  readonly size: number;
  readonly proof: readonly string[];
}

/** Holds a pack against what somebody kept of its ledger. */
export class KeptCheck {
  readonly #checkpoints: readonly SignedCheckpoint[];
  readonly #stamps = new Map<string, Stamp>();
  readonly #settled = new Set<SignedCheckpoint>();
  #stamped = 0;
  #continues: number | null = null;

  constructor(
    kept: Kept,
    private readonly found: PackNotes,
  ) {
    this.#checkpoints = kept.checkpoints.toSorted((one, other) => one.payload.size - other.payload.size);
    for (const stamp of kept.stamps) this.#stamps.set(stamp.imprint, stamp);
  }

  get any(): boolean {
    return this.#checkpoints.length + this.#stamps.size > 0;
  }

  /** Size of the oldest head that was kept and that the ledger goes on from. */
  get continues(): number | null {
    return this.#continues;
  }

  /** Heads that another key signed are no heads of this ledger. False where there is one. */
  signedBy(key: PublicKeyText): boolean {
    const strange = this.#checkpoints.find((kept) => !checkpointHolds(key, kept));
    if (strange !== undefined) this.found.problem('wrong-checkpoint', 'the checkpoint that you gave is not signed by the reporting service of this pack');
    return strange === undefined;
  }

  /** Notes that the ledger had this root at this size. */
  at(size: number, rootHash: string): void {
    for (const kept of this.#checkpoints) {
      if (kept.payload.size !== size || this.#settled.has(kept)) continue;
      this.#settle(kept, kept.payload.rootHash === rootHash);
    }
  }

  /** True where a root at this size is waited for. */
  wants(size: number): boolean {
    return this.#checkpoints.some((kept) => kept.payload.size === size && !this.#settled.has(kept));
  }

  /** Notes a signed head of the pack, whose stamp somebody may have kept. */
  head(raw: unknown): void {
    if (this.#stamps.size === 0) return;
    const stamp = this.#stamps.get(sha256(canonicalJson(raw)));
    if (stamp === undefined) return;
    this.#stamped += 1;
    this.found.note(`a time stamp of ${stamp.at} is of the checkpoint of ${(raw as SignedCheckpoint).payload.size} entries; that the authority signed it is for: openssl ts -verify`);
  }

  /** Uses a proof from outside of the range, to the head that it begins or ends with. */
  bridge(since: Since | undefined, head: Checkpoint): void {
    if (since === undefined) return;
    for (const kept of this.#checkpoints) {
      const { size, rootHash } = kept.payload;
      if (size !== since.size || this.#settled.has(kept)) continue;
      const [older, newer] = size <= head.size ? [kept.payload, head] : [head, kept.payload];
      const leads = verifyConsistency({ oldSize: older.size, newSize: newer.size, oldRoot: older.rootHash, newRoot: newer.rootHash, proof: since.proof as never });
      this.#settle(kept, leads && (size !== head.size || rootHash === head.rootHash));
    }
  }

  /** What was kept and could not be held against anything. `newest`: size of the newest head of the pack. */
  end(newest: number): void {
    const open = this.#checkpoints.filter((kept) => !this.#settled.has(kept));
    const [first] = open;
    if (first !== undefined && open.length === this.#checkpoints.length) {
      const { size } = first.payload;
      this.found.problem('wrong-checkpoint', size > newest ? `the ledger had ${size} entries when yours was signed, and has ${newest} here` : `the pack does not show that its ledger goes on from the ${size} entries of yours; export it with that checkpoint`);
    } else if (first !== undefined) this.found.note(`${open.length} of your ${this.#checkpoints.length} checkpoints are of other times than the pack`);
    if (this.#stamped < this.#stamps.size) this.found.problem('wrong-checkpoint', 'no checkpoint of the pack is the one that was stamped');
  }

  #settle(kept: SignedCheckpoint, holds: boolean): void {
    this.#settled.add(kept);
    const { size } = kept.payload;
    if (holds) this.#continues = Math.min(this.#continues ?? size, size);
    else this.found.problem('wrong-checkpoint', `the ledger was rewritten: it does not go on from the ${size} entries of the checkpoint that you gave`);
  }
}
