import { attestation, evidence, scopeKey, scopesOf, serviceSource, SIGNING_CONTEXTS, type Checkpoint } from '@mailwarden/contracts';
import { canonicalJson, sha256, verifySignature } from '@mailwarden/kernel';
import { checkedLeaf, originOfAgent } from './checked-leaf.js';
import { checkpointHolds, type KeptCheck } from './checkpoint-check.js';
import type { DecisionLine, ManifestLine, PackLine, ServerLine, TextLine } from './pack-lines.js';
import type { PackNotes } from './pack-notes.js';
import type { DecisionReach } from './pack-verdict.js';

interface Reached {
  readonly scope: string;
  readonly revision: number | null;
  readonly told: Omit<DecisionReach, 'servers' | 'applied'>;
  servers: number;
  applied: number;
}

const EARLIER_VERSION = 'entries of the ledger that an earlier version made do not have the signature of who sent them';

/** Hash of a document with all members that it was read with. Null for what JSON cannot carry. */
function hashOf(raw: unknown): string | null {
  try {
    return sha256(canonicalJson(raw));
  } catch {
    return null;
  }
}

/** Checks what was decided on an agreement, and how far each decision has reached. Memory does not grow with the number of servers. */
export class AgreementContent {
  readonly #decisions: Reached[] = [];
  readonly #servers = new Set<string>();
  readonly #texts = new Set<string>();
  #checkpoint: Checkpoint | null = null;

  constructor(
    private readonly manifest: ManifestLine,
    raw: unknown,
    private readonly kept: KeptCheck,
    private readonly found: PackNotes,
  ) {
    this.#begin(manifest, raw);
  }

  get texts(): number {
    return this.#texts.size;
  }

  get servers(): number {
    return this.#servers.size;
  }

  get checkpoint(): Checkpoint | null {
    return this.#checkpoint;
  }

  get decisions(): DecisionReach[] {
    return this.#decisions.map(({ told, servers, applied, revision }) => ({ ...told, servers, applied: revision === null ? null : applied }));
  }

  line(line: PackLine, raw: unknown): void {
    if (line.line === 'text') this.#text(line);
    else if (line.line === 'decision') this.#decision(line, (raw as { decision: unknown }).decision);
    else if (line.line === 'server') this.#server(line, (raw as { membership: { payload: unknown } }).membership.payload);
    else this.found.problem('bad-line', `a pack about an agreement has no line of the kind ${line.line}`);
  }

  end(): void {
    // What was kept is held against the manifest alone, where it is said at once what does not fit.
  }

  #begin({ anchors, checkpoint, since }: ManifestLine, raw: unknown): void {
    const { found, kept } = this;
    if (checkpoint === null) {
      if (kept.any) return found.problem('wrong-checkpoint', 'its ledger was never signed, and you have a signed checkpoint of it');
      return found.note('the ledger was not signed yet when it was made: nothing of it is proved');
    }
    if (!checkpointHolds(anchors.reporting, raw)) return found.problem('wrong-checkpoint', 'the signature of the checkpoint is not of the reporting service');
    const { payload } = checkpoint;
    this.#checkpoint = payload;
    if (!kept.signedBy(anchors.reporting)) return;
    kept.head(raw);
    kept.at(payload.size, payload.rootHash);
    kept.bridge(since, payload);
    kept.end(payload.size);
  }

  #text({ text: { textSha256, text, agreement } }: TextLine): void {
    if (agreement !== this.manifest.agreement) return this.found.problem('wrong-text', `it is a text of ${agreement}`);
    if (text !== null && sha256(Buffer.from(text, 'utf8')) !== textSha256) return this.found.problem('wrong-text', `its words do not have the hash ${textSha256}`);
    this.#texts.add(textSha256);
  }

  #decision({ decision, leaf }: DecisionLine, raw: unknown): void {
    const { anchors, agreement } = this.manifest;
    const { found } = this;
    const { id, action, scope, decidedAt, recordedAt, textSha256, decidedBy, confirmedBy } = decision;
    const told = { decision: { id, action, scope, decidedAt, recordedAt, textSha256, decidedBy, ...(confirmedBy === undefined ? {} : { confirmedBy }) }, inLedger: leaf !== null && this.#checkpoint !== null };
    const reached: Reached = { scope: scopeKey(scope), revision: null, told, servers: 0, applied: 0 };
    if (decision.agreement !== agreement) return found.problem('wrong-decision', `decision ${id} is on ${decision.agreement}`);
    if (textSha256 !== null && !this.#texts.has(textSha256)) found.note(`the text ${textSha256} of decision ${id} is not in the pack`);
    if (leaf === null || this.#checkpoint === null) {
      found.note(`decision ${id} is not in the ledger yet`);
      this.#decisions.push(reached);
      return;
    }
    const checked = checkedLeaf(leaf, this.#checkpoint, { source: serviceSource('consent'), key: anchors.consent });
    if (!checked.ok) return found.problem(checked.code, `decision ${id}: ${checked.message}`);
    if (!checked.signed) found.note(EARLIER_VERSION);
    const stated = evidence.safeParse(checked.data);
    if (!stated.success || stated.data.kind !== 'decision' || stated.data.id !== id) return found.problem('wrong-decision', `the ledger's entry of decision ${id} is of something else`);
    if (stated.data.documentSha256 !== hashOf(raw)) return found.problem('wrong-decision', `decision ${id} is not as it was recorded: the ledger has another hash`);
    const { revision } = stated.data.facts;
    this.#decisions.push({ ...reached, revision: typeof revision === 'number' ? revision : null });
  }

  #server({ membership: { payload: member, signature }, attestation: leaf }: ServerLine, raw: unknown): void {
    const { server } = member;
    if (this.#servers.has(server)) return this.found.problem('wrong-membership', `${server} is there twice`);
    this.#servers.add(server);
    if (!verifySignature(this.manifest.anchors.reporting, SIGNING_CONTEXTS.membership, raw, signature)) return this.found.problem('wrong-membership', `the membership of ${server} is not signed by the reporting service`);
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
      this.found.problem(checked.code, `attestation of ${server}: ${checked.message}`);
      return {};
    }
    if (!checked.signed) this.found.note(EARLIER_VERSION);
    const said = attestation.safeParse(checked.data);
    if (said.success && said.data.server === server) return said.data.revisions;
    this.found.problem('wrong-attestation', `what is told as the attestation of ${server} is none`);
    return {};
  }
}
