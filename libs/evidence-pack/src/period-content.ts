import type { TrustAnchors } from '@mailwarden/contracts';
import { GrowingTree, verifyInclusion } from '@mailwarden/ledger';
import { checkpointHolds, KeptCheck } from './checkpoint-check.js';
import { leafOf, signatureFlaw } from './entry-check.js';
import { KeyBook } from './key-book.js';
import { OrderWatch } from './order-watch.js';
import type { EntryLine, HeadLine, MemberLine, OthersLine, PackLine, PeriodManifestLine } from './pack-lines.js';
import type { PackNotes } from './pack-notes.js';
import type { CheckedEntry, PeriodVerdict } from './pack-verdict.js';
import { isOwnWord, statementOf, type Statement } from './statement.js';

const NO_TREE = GrowingTree.empty();
const EARLIER_VERSION = 'entries of the ledger that an earlier version made do not have the signature of who sent them';

/** Checks what the ledger took in between two of its signed heads: that nothing is missing, changed or in another place, and who signed what. Memory does not grow with the period. */
export class PeriodContent {
  readonly #keys = new KeyBook();
  readonly #orders = new OrderWatch();
  readonly #kinds = new Map<string, number>();
  #tree: GrowingTree = NO_TREE;
  /** Where the range was known to be whole last; after a gap no root can be right. */
  #checkedTo = 0;
  #isWhole = true;
  #entries = 0;
  #hidden = 0;
  #heads = 0;
  #signed = 0;

  constructor(
    private readonly manifest: PeriodManifestLine,
    raw: { readonly first: unknown; readonly last: unknown },
    private readonly kept: KeptCheck,
    private readonly found: PackNotes,
    private readonly onEntry: (entry: CheckedEntry) => void,
  ) {
    this.#begin(manifest, raw);
  }

  get verdict(): PeriodVerdict {
    const { from, to, server, first, last } = this.manifest;
    return { from, to, server, first: first === null ? null : { size: first.payload.size, at: first.payload.at }, last: { size: last.payload.size, at: last.payload.at }, entries: this.#entries, signed: this.#signed, hidden: this.#hidden, checkpoints: this.#heads, servers: this.#keys.servers, kinds: Object.fromEntries([...this.#kinds].toSorted()) };
  }

  line(line: PackLine, raw: unknown): void {
    if (line.line === 'entry') this.#entry(line);
    else if (line.line === 'others') this.#others(line);
    else if (line.line === 'checkpoint') this.#head(line, (raw as { checkpoint: unknown }).checkpoint);
    else if (line.line === 'member') this.#member(line);
    else this.found.problem('bad-line', `a pack about a period has no line of the kind ${line.line}`);
  }

  /** To be called at the end line: the range must have reached the newest head, and have its root. */
  end(): void {
    const { size, rootHash } = this.manifest.last.payload;
    this.kept.end(size);
    if (!this.#isWhole) return;
    const reached = this.#tree.size;
    if (reached !== size) return this.found.problem('not-complete', reached < size ? `the entries from ${reached} to ${size - 1} are missing` : `its last checkpoint is of ${size} entries, and it goes on to ${reached}`);
    if (this.#tree.root() !== rootHash) this.found.problem('wrong-checkpoint', this.#between(size));
  }

  #begin({ anchors, first, last, frontier, from, to, since }: PeriodManifestLine, raw: { readonly first: unknown; readonly last: unknown }): void {
    const { found } = this;
    if (to <= from) found.problem('wrong-period', 'it ends before it begins');
    const unsigned = !checkpointHolds(anchors.reporting, raw.last) ? 'last' : first !== null && !checkpointHolds(anchors.reporting, raw.first) ? 'first' : null;
    if (unsigned !== null) found.problem('wrong-checkpoint', `the signature of the ${unsigned} checkpoint is not of the reporting service`);
    const tree = GrowingTree.from(first?.payload.size ?? 0, frontier);
    if (tree === null || (first !== null && tree.root() !== first.payload.rootHash)) {
      found.problem('wrong-checkpoint', 'the ledger before the period is not the one of the first checkpoint');
      this.#isWhole = false;
    }
    this.#tree = tree ?? GrowingTree.empty();
    this.#checkedTo = this.#tree.size;
    if (first !== null && first.payload.at > from) found.problem('wrong-period', `its first checkpoint is of ${first.payload.at}: what the ledger took in between ${from} and then may be missing`);
    if (last.payload.at < to) found.note(`the ledger was signed last at ${last.payload.at}: what it took in later is not in the pack`);
    if (!this.kept.signedBy(anchors.reporting)) return;
    if (first !== null) this.#knownHead(raw.first, first.payload.size, first.payload.rootHash);
    this.#knownHead(raw.last, last.payload.size, last.payload.rootHash);
    this.kept.bridge(since, since !== undefined && since.size > last.payload.size ? last.payload : (first?.payload ?? last.payload));
  }

  #knownHead(raw: unknown, size: number, rootHash: string): void {
    this.kept.head(raw);
    this.kept.at(size, rootHash);
  }

  #member({ leaf }: MemberLine): void {
    const { first } = this.manifest;
    const statement = statementOf(leaf.document);
    const hash = leafOf(leaf.document);
    const isIn = first !== null && hash !== null && verifyInclusion({ leafHash: hash, index: leaf.index, size: first.payload.size, proof: leaf.inclusion, rootHash: first.payload.rootHash });
    if (!isIn) return this.found.problem('wrong-membership', `the ledger does not have this membership as its entry ${leaf.index}`);
    if (statement?.kind !== 'membership' || !isOwnWord(statement) || !this.#keys.learn(statement.data)) this.found.problem('wrong-membership', `entry ${leaf.index} of the ledger is no membership`);
  }

  #entry({ index, hash, document }: EntryLine): void {
    this.#place(index);
    this.#entries += 1;
    if (leafOf(document) !== hash) this.found.problem('wrong-leaf', `entry ${index} is not as the ledger took it in`);
    this.#tree.append(hash);
    this.#rootMatters();
    const statement = statementOf(document);
    if (statement === null) return this.found.problem('wrong-leaf', `entry ${index} is no document`);
    this.#kinds.set(statement.kind, (this.#kinds.get(statement.kind) ?? 0) + 1);
    this.#said(index, document, statement);
  }

  #said(index: number, document: unknown, statement: Statement): void {
    const { server, anchors } = this.manifest;
    if (server !== null && statement.server !== null && statement.server !== server) this.found.problem('wrong-server', `entry ${index} is about ${statement.server}, and the pack is about ${server}`);
    const isSigned = statement.form !== 'kept';
    if (isSigned) this.#checkSignature(index, document, statement, anchors);
    else if (!isOwnWord(statement)) this.found.note(EARLIER_VERSION);
    if (statement.kind === 'membership' && isOwnWord(statement) && !this.#keys.learn(statement.data)) this.found.problem('wrong-membership', `entry ${index} is a membership that names no keys`);
    const odd = this.#orders.take(statement);
    if (odd !== null) this.found.problem('wrong-receipt', `entry ${index}: ${odd}`);
    this.onEntry({ index, statement, isSigned });
  }

  #checkSignature(index: number, document: unknown, statement: Statement, anchors: TrustAnchors): void {
    this.#signed += 1;
    const flaw = signatureFlaw(document, statement, anchors, this.#keys);
    if (flaw !== null) this.found.problem('wrong-signature', `entry ${index}: ${flaw}`);
  }

  #others({ from, to, hashes }: OthersLine): void {
    if (this.manifest.server === null) this.found.problem('not-complete', `the entries from ${from} to ${to - 1} are not told, and the pack is about the whole fleet`);
    this.#place(from);
    if (to <= from || !this.#tree.appendTiles(to, hashes)) {
      if (this.#isWhole) this.found.problem('bad-line', `entries ${from} to ${to - 1} cannot stand for so many hashes`);
      this.#isWhole = false;
      return;
    }
    this.#hidden += to - from;
    this.#rootMatters();
  }

  #head({ checkpoint: { payload } }: HeadLine, raw: unknown): void {
    this.#heads += 1;
    if (!checkpointHolds(this.manifest.anchors.reporting, raw)) return this.found.problem('wrong-checkpoint', `the signature of the checkpoint of ${payload.size} entries is not of the reporting service`);
    if (!this.#isWhole) return;
    if (payload.size !== this.#tree.size) return this.found.problem('wrong-checkpoint', `a checkpoint of ${payload.size} entries stands after ${this.#tree.size} of them`);
    if (this.#tree.root() !== payload.rootHash) {
      this.#isWhole = false;
      return this.found.problem('wrong-checkpoint', this.#between(payload.size));
    }
    this.#checkedTo = payload.size;
    this.kept.head(raw);
  }

  /** An entry must stand where the one before it ended. */
  #place(index: number): void {
    const expected = this.#tree.size;
    if (index === expected || !this.#isWhole) return;
    this.#isWhole = false;
    this.found.problem('not-complete', index > expected ? `entries ${expected} to ${index - 1} are missing` : `entry ${index} is there twice, or in another place`);
  }

  #rootMatters(): void {
    const { size } = this.#tree;
    if (this.#isWhole && this.kept.wants(size)) this.kept.at(size, this.#tree.root());
  }

  #between = (size: number): string => `the ledger had other entries: something from ${this.#checkedTo} to ${size - 1} is not as it was signed`;
}
