import { createHash } from 'node:crypto';
import { attestation, evidence, scopeKey, scopesOf, serviceSource, SIGNING_CONTEXTS, type Checkpoint, type TrustAnchors } from '@mailwarden/contracts';
import { canonicalJson, keyIdOf, sha256, verifySignature } from '@mailwarden/kernel';
import { verifyConsistency } from '@mailwarden/ledger';
import { checkedLeaf, originOfAgent } from './checked-leaf.js';
import { LINE_CHARACTERS_MAX, packLine, packSeal, type DecisionLine, type ManifestLine, type PackLine, type ServerLine, type SignedCheckpoint, type TextLine } from './pack-lines.js';
import type { DecisionReach, PackProblem, PackVerdict } from './pack-verdict.js';

/** Problems that are told; the first is what matters. */
const PROBLEMS_MAX = 20;
const NOTES_MAX = 20;

interface Reached {
  readonly scope: string;
  readonly revision: number | null;
  readonly told: Omit<DecisionReach, 'servers' | 'applied'>;
  servers: number;
  applied: number;
}

/**
 * Checks a pack line by line, with nothing but the pack and, where they are given, keys that are known from elsewhere: by its own keys a pack only proves that it is of one piece.
 * Shape: each line goes to `line` without its end, then `end` tells what came of it. Never throws on hostile input. Memory does not grow with the number of servers.
 */
export class PackVerifier {
  readonly #hash = createHash('sha256');
  readonly #problems: PackProblem[] = [];
  readonly #notes: string[] = [];
  readonly #decisions: Reached[] = [];
  readonly #servers = new Set<string>();
  readonly #texts = new Set<string>();
  #manifest: ManifestLine | null = null;
  #checkpoint: Checkpoint | null = null;
  #line = 0;
  #ended = false;
  #continues: number | null = null;

  /** `kept`: a checkpoint that somebody else kept since; the ledger must be its continuation. */
  constructor(
    private readonly known: TrustAnchors | null = null,
    private readonly kept: SignedCheckpoint | null = null,
  ) {}

  line(text: string): void {
    this.#line += 1;
    if (this.#ended) return this.#problem('not-whole', 'something comes after the end');
    const line = this.#read(text);
    if (line === null) return;
    if (line.line === 'end') return this.#sealed(line);
    this.#hash.update(`${text}\n`);
    if (line.line === 'manifest') return this.#begun(line);
    if (this.#manifest === null) return this.#problem('not-a-pack', 'it does not begin with a manifest');
    if (line.line === 'text') this.#text(line);
    else if (line.line === 'decision') this.#decision(line, this.#manifest);
    else this.#server(line, this.#manifest);
  }

  end(): PackVerdict {
    if (this.#line === 0) this.#problem('not-a-pack', 'it is empty');
    else if (!this.#ended) this.#problem('not-whole', 'its last line is missing: it was cut short');
    const { anchors, agreement, at } = this.#manifest ?? {};
    const { size, rootHash, at: signedAt } = this.#checkpoint ?? {};
    return {
      holds: this.#problems.length === 0,
      problems: this.#problems,
      notes: this.#notes,
      agreement: agreement ?? null,
      at: at ?? null,
      keys: anchors === undefined ? {} : { reporting: keyIdOf(anchors.reporting), rotation: keyIdOf(anchors.rotation), consent: keyIdOf(anchors.consent) },
      checkpoint: size === undefined || rootHash === undefined || signedAt === undefined ? null : { size, rootHash, at: signedAt },
      continues: this.#continues,
      texts: this.#texts.size,
      servers: this.#servers.size,
      decisions: this.#decisions.map(({ told, servers, applied, revision }) => ({ ...told, servers, applied: revision === null ? null : applied })),
    };
  }

  #problem(code: PackProblem['code'], message: string): void {
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push({ line: this.#line, code, message });
  }

  #note(note: string): void {
    if (this.#notes.length < NOTES_MAX && !this.#notes.includes(note)) this.#notes.push(note);
  }

  #read(text: string): PackLine | null {
    try {
      if (text.length <= LINE_CHARACTERS_MAX) {
        const parsed = packLine.safeParse(JSON.parse(text));
        if (parsed.success) return parsed.data;
      }
    } catch {
      // Said below, as for any other line that is none.
    }
    this.#hash.update(`${text}\n`);
    this.#problem(this.#line === 1 ? 'not-a-pack' : 'bad-line', this.#line === 1 ? 'it does not begin as an evidence pack does' : 'this is no line of an evidence pack');
    return null;
  }

  #begun(manifest: ManifestLine): void {
    if (this.#line !== 1) return this.#problem('not-a-pack', 'there is a second manifest');
    this.#manifest = manifest;
    const { anchors, checkpoint } = manifest;
    if (this.known !== null && canonicalJson(anchors) !== canonicalJson(this.known)) return this.#problem('other-keys', 'its keys are not those that you gave');
    if (checkpoint === null && this.kept !== null) return this.#problem('wrong-checkpoint', 'its ledger was never signed, and you have a signed checkpoint of it');
    if (checkpoint === null) return this.#note('the ledger was not signed yet when it was made: nothing of it is proved');
    if (!verifySignature(anchors.reporting, SIGNING_CONTEXTS.checkpoint, checkpoint.payload, checkpoint.signature)) return this.#problem('wrong-checkpoint', 'the signature of the checkpoint is not of the reporting service');
    this.#checkpoint = checkpoint.payload;
    if (this.kept !== null) this.#continued(this.kept, manifest, checkpoint.payload);
  }

  #continued({ payload: old, signature }: SignedCheckpoint, { anchors, since }: ManifestLine, now: Checkpoint): void {
    if (!verifySignature(anchors.reporting, SIGNING_CONTEXTS.checkpoint, old, signature)) return this.#problem('wrong-checkpoint', 'the checkpoint that you gave is not signed by the reporting service of this pack');
    if (old.size > now.size) return this.#problem('wrong-checkpoint', `the ledger had ${old.size} entries when yours was signed, and has ${now.size} here`);
    if (since?.size !== old.size) return this.#problem('wrong-checkpoint', `the pack does not show that its ledger goes on from the ${old.size} entries of yours; export it with that checkpoint`);
    if (!verifyConsistency({ oldSize: old.size, newSize: now.size, oldRoot: old.rootHash, newRoot: now.rootHash, proof: since.proof })) return this.#problem('wrong-checkpoint', `the ledger was rewritten: it does not go on from the ${old.size} entries of the checkpoint that you gave`);
    this.#continues = old.size;
  }

  #text({ text: { textSha256, text, agreement } }: TextLine): void {
    if (agreement !== this.#manifest?.agreement) return this.#problem('wrong-text', `it is a text of ${agreement}`);
    if (text !== null && sha256(Buffer.from(text, 'utf8')) !== textSha256) return this.#problem('wrong-text', `its words do not have the hash ${textSha256}`);
    this.#texts.add(textSha256);
  }

  #decision({ decision, leaf }: DecisionLine, { anchors, agreement }: ManifestLine): void {
    const { id, action, scope, decidedAt, recordedAt, textSha256, decidedBy, confirmedBy } = decision;
    const told = { decision: { id, action, scope, decidedAt, recordedAt, textSha256, decidedBy, ...(confirmedBy === undefined ? {} : { confirmedBy }) }, inLedger: leaf !== null && this.#checkpoint !== null };
    const reached: Reached = { scope: scopeKey(scope), revision: null, told, servers: 0, applied: 0 };
    if (decision.agreement !== agreement) return this.#problem('wrong-decision', `decision ${id} is on ${decision.agreement}`);
    if (textSha256 !== null && !this.#texts.has(textSha256)) this.#note(`the text ${textSha256} of decision ${id} is not in the pack`);
    if (leaf === null || this.#checkpoint === null) {
      this.#note(`decision ${id} is not in the ledger yet`);
      this.#decisions.push(reached);
      return;
    }
    const checked = checkedLeaf(leaf, this.#checkpoint, { source: serviceSource('consent'), key: anchors.consent });
    if (!checked.ok) return this.#problem(checked.code, `decision ${id}: ${checked.message}`);
    if (!checked.signed) this.#note(`entries of the ledger that an earlier version made do not have the signature of who sent them`);
    const stated = evidence.safeParse(checked.data);
    if (!stated.success || stated.data.kind !== 'decision' || stated.data.id !== id) return this.#problem('wrong-decision', `the ledger's entry of decision ${id} is of something else`);
    if (stated.data.documentSha256 !== sha256(canonicalJson(decision))) return this.#problem('wrong-decision', `decision ${id} is not as it was recorded: the ledger has another hash`);
    const { revision } = stated.data.facts;
    this.#decisions.push({ ...reached, revision: typeof revision === 'number' ? revision : null });
  }

  #server({ membership: { payload: member, signature }, attestation: leaf }: ServerLine, { anchors }: ManifestLine): void {
    const { server } = member;
    if (this.#servers.has(server)) return this.#problem('wrong-membership', `${server} is there twice`);
    this.#servers.add(server);
    if (!verifySignature(anchors.reporting, SIGNING_CONTEXTS.membership, member, signature)) return this.#problem('wrong-membership', `the membership of ${server} is not signed by the reporting service`);
    const revisions = leaf === null || this.#checkpoint === null ? {} : this.#attested(server, member.agentKey, leaf, this.#checkpoint);
    const scopes = new Set(scopesOf(server, member.labels).map(scopeKey));
    if (member.status !== 'active') return;
    for (const reached of this.#decisions) {
      if (!scopes.has(reached.scope)) continue;
      reached.servers += 1;
      if (reached.revision !== null && (revisions[reached.scope] ?? 0) >= reached.revision) reached.applied += 1;
    }
  }

  /** The revisions that the agent says to have applied; none where its word does not hold. */
  #attested(server: string, key: ServerLine['membership']['payload']['agentKey'], leaf: NonNullable<ServerLine['attestation']>, checkpoint: Checkpoint): Readonly<Record<string, number>> {
    const checked = checkedLeaf(leaf, checkpoint, originOfAgent(server, key));
    if (!checked.ok) {
      this.#problem(checked.code, `attestation of ${server}: ${checked.message}`);
      return {};
    }
    if (!checked.signed) this.#note(`entries of the ledger that an earlier version made do not have the signature of who sent them`);
    const said = attestation.safeParse(checked.data);
    if (said.success && said.data.server === server) return said.data.revisions;
    this.#problem('wrong-attestation', `what is told as the attestation of ${server} is none`);
    return {};
  }

  #sealed({ lines, sha256: digest, keyId, signature }: Extract<PackLine, { line: 'end' }>): void {
    this.#ended = true;
    if (this.#manifest === null) return this.#problem('not-a-pack', 'it does not begin with a manifest');
    const { reporting } = this.#manifest.anchors;
    if (keyId !== keyIdOf(reporting) || !verifySignature(reporting, SIGNING_CONTEXTS.pack, packSeal(lines, digest), signature)) return this.#problem('wrong-signature', 'the end is not signed by the reporting service');
    if (lines !== this.#line - 1) return this.#problem('not-whole', `${lines} lines were sealed, and ${this.#line - 1} are there`);
    if (digest !== this.#hash.digest('hex')) this.#problem('not-whole', 'something in it was changed after it was sealed, or its lines are in another order');
  }
}
