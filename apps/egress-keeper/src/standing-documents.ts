import { readStateFile, stateFolder, writeStateFile } from '@mailwarden/config';
import { EntryIndex } from '@mailwarden/consent';
import { egressTask, openSigned, scopeKey, scopesOf, SIGNING_CONTEXTS, signedConsentEntry, signedPolicyBundle, type ConsentEntry, type EgressTask, type Opened, type PolicyBundle, type TrustAnchors } from '@mailwarden/contracts';
import { instantOf, type Instant, type ProfileId, type SignedDocument } from '@mailwarden/kernel';

const FILE = 'standing.json';
/** A bundle of two thousand rules, and entries of every scope that a server was ever in. Units: bytes. */
export const STANDING_BYTES_MAX = 8_000_000;
/** As many as one observation tells of. */
const AGREEMENTS_MAX = 50;
/** The latest instant is noted this often. Units: milliseconds. */
const NOTED_EVERY_MS = 600_000;
/** Scopes that the server was once in are kept as well, so that nobody can show an older entry of them when it comes back. */
const SCOPES_MAX = 100;

const WHY_NOT = { form: 'has another form than this version knows', signature: 'is not signed by the service that may issue it' } as const;
const MORE = 'has members that this version does not know';

/** What of a document is kept: what its signature covers, and the signature. */
const kept = ({ payload, keyId, signature }: SignedDocument<unknown>): unknown => ({ payload, keyId, signature });

/**
 * The newest bundle and consent entries that were ever shown here, kept on disk so that the filter stands before the agent does.
 * Safety: an older one counts for nothing, so whoever speaks to the keeper cannot take a withdrawal back by showing yesterday's consent. Nothing is taken in that a later start could not read: no entry of another's scope, no member beside a signature.
 */
export class StandingDocuments {
  #bundle: Opened<PolicyBundle> | null = null;
  readonly #entries = new Map<string, Opened<ConsentEntry>>();
  #agreements: EgressTask['agreements'] = {};
  #latestMs = 0;
  #written = '';

  constructor(private readonly here: { readonly server: string; readonly trust: TrustAnchors; readonly stateDir: string }) {}

  get bundle(): PolicyBundle | null {
    return this.#bundle?.payload ?? null;
  }

  /** Entries of the scopes that the server is in by its newest bundle. */
  get entries(): EntryIndex {
    const own = this.#scopes();
    return new EntryIndex([...this.#entries].flatMap(([scope, { payload }]) => (own.has(scope) ? [payload] : [])));
  }

  get revisions(): Record<string, number> {
    const own = this.#scopes();
    return Object.fromEntries([...this.#entries].filter(([scope]) => own.has(scope)).map(([scope, { payload }]) => [scope, payload.revision]));
  }

  /** Which texts the agent found, by profile. */
  get agreements(): EgressTask['agreements'] {
    return this.#agreements;
  }

  /**
   * The instant that consent is judged at: the clock's, and never long before one that was judged at already. A start with a clock that is behind does not let count again what has ended.
   * One that was far ahead by mistake counts no further than the newest bundle does.
   */
  judgedAt(clockMs: number): Instant {
    const bundle = this.bundle;
    if (bundle === null) return instantOf(clockMs);
    const mark = Math.min(this.#latestMs, Date.parse(bundle.expiresAt));
    const at = Math.max(clockMs, mark, Date.parse(bundle.issuedAt));
    if (at - this.#latestMs > NOTED_EVERY_MS) {
      this.#latestMs = at;
      this.#keep();
    }
    return instantOf(at);
  }

  /** Takes up what was kept. Returns what of it counts no longer, and why nothing could be read. */
  restore(): string[] {
    try {
      const bytes = readStateFile(stateFolder(this.here.stateDir), FILE, STANDING_BYTES_MAX);
      if (bytes === null) return [];
      const raw = JSON.parse(bytes.toString('utf8')) as { bundle?: unknown; entries?: unknown; agreements?: unknown; latestMs?: unknown };
      const agreements = egressTask.shape.agreements.safeParse(raw.agreements);
      if (typeof raw.latestMs === 'number' && Number.isSafeInteger(raw.latestMs)) this.#latestMs = raw.latestMs;
      return this.#take({ schema: 'mailwarden/egress-task/v1', bundle: raw.bundle ?? null, entries: Array.isArray(raw.entries) ? raw.entries : [], agreements: agreements.success ? agreements.data : {} }, true);
    } catch (cause) {
      return [cause instanceof SyntaxError ? 'what was kept is not JSON' : cause instanceof Error ? cause.message : 'what was kept cannot be read'];
    }
  }

  /** Takes in what is newer than what is known. Returns what was refused, in words. Errors: throws when it cannot be kept on disk; it counts nevertheless. */
  accept(task: EgressTask): string[] {
    const refused = this.#take(task);
    this.#keep();
    return refused;
  }

  #scopes(): ReadonlySet<string> {
    return new Set(scopesOf(this.here.server, this.bundle?.labels ?? {}).map(scopeKey));
  }

  /** `isKept`: it comes from our own disk, where also entries of scopes lie that the server has left. */
  #take(task: EgressTask, isKept = false): string[] {
    const refused = [...(task.bundle === null || task.bundle === undefined ? [] : this.#takeBundle(task.bundle)), ...task.entries.flatMap((entry) => this.#takeEntry(entry, isKept))];
    this.#agreements = Object.fromEntries([...new Set((this.bundle?.transmission.rules ?? []).map(({ profile }) => profile))].map((profile) => [profile, this.#texts(profile, task.agreements)]));
    return refused;
  }

  /** Which text of each agreement lies here. An agent that says nothing of one, as after its own start, does not make a text unknown that is known: what it had ended would count again. */
  #texts(profile: ProfileId, told: EgressTask['agreements']): EgressTask['agreements'][ProfileId] {
    const now = new Map((told[profile] ?? []).map(({ id, textSha256 }) => [id, textSha256]));
    const before = new Map((this.#agreements[profile] ?? []).map(({ id, textSha256 }) => [id, textSha256]));
    return [...new Set([...before.keys(), ...now.keys()])].slice(0, AGREEMENTS_MAX).map((id) => {
      const [newer, older] = [now.get(id), before.get(id)];
      const known = newer?.known === true ? newer : older?.known === true ? older : null;
      return { id, textSha256: known === null ? { known: false as const, reason: '' } : { known: true as const, value: known.value } };
    });
  }

  #takeBundle(raw: unknown): string[] {
    const opened = openSigned(raw, { schema: signedPolicyBundle, context: SIGNING_CONTEXTS.bundle, publicKey: this.here.trust.rotation });
    if (!opened.ok) return [`the bundle ${WHY_NOT[opened.error]}`];
    if (opened.value.payload.server !== this.here.server) return ['the bundle is for another server'];
    if (this.#bundle === null || opened.value.payload.version > this.#bundle.payload.version) this.#bundle = opened.value;
    return opened.value.isUnderstood ? [] : [`the bundle ${MORE}`];
  }

  #takeEntry(raw: unknown, isKept: boolean): string[] {
    const opened = openSigned(raw, { schema: signedConsentEntry, context: SIGNING_CONTEXTS.consent, publicKey: this.here.trust.consent });
    if (!opened.ok) return [`a consent entry ${WHY_NOT[opened.error]}`];
    const scope = scopeKey(opened.value.payload.scope);
    const before = this.#entries.get(scope);
    const own = this.#scopes();
    if (before === undefined && !isKept && !own.has(scope)) return ['a consent entry is for a scope that this server is not in'];
    if (before === undefined || opened.value.payload.revision > before.payload.revision) this.#entries.set(scope, opened.value);
    for (const left of [...this.#entries.keys()].filter((key) => !own.has(key))) if (this.#entries.size > SCOPES_MAX) this.#entries.delete(left);
    return opened.value.isUnderstood ? [] : [`a consent entry ${MORE}`];
  }

  #keep(): void {
    const text = JSON.stringify({ schema: 'mailwarden/egress-task/v1', bundle: this.#bundle === null ? null : kept(this.#bundle.document), entries: [...this.#entries.values()].map(({ document }) => kept(document)), agreements: this.#agreements, latestMs: this.#latestMs });
    if (text === this.#written) return;
    const bytes = Buffer.from(text);
    if (bytes.length > STANDING_BYTES_MAX) throw new Error(`what stands has ${bytes.length} bytes, more than ${STANDING_BYTES_MAX}`);
    writeStateFile(stateFolder(this.here.stateDir), FILE, bytes);
    this.#written = text;
  }
}
