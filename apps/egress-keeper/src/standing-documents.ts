import { readStateFile, stateFolder, writeStateFile } from '@mailwarden/config';
import { EntryIndex } from '@mailwarden/consent';
import { egressTask, openSigned, scopeKey, SIGNING_CONTEXTS, signedConsentEntry, signedPolicyBundle, type ConsentEntry, type EgressTask, type Opened, type PolicyBundle, type TrustAnchors } from '@mailwarden/contracts';

const FILE = 'standing.json';
/** A bundle of two thousand rules, and the entries of two hundred scopes. Units: bytes. */
export const STANDING_BYTES_MAX = 8_000_000;

const WHY_NOT = { form: 'has another form than this version knows', signature: 'is not signed by the service that may issue it' } as const;

/**
 * The newest bundle and consent entries that were ever shown here, kept on disk so that the filter stands before the agent does.
 * Safety: an older one counts for nothing, so whoever speaks to the keeper cannot take a withdrawal back by showing yesterday's consent.
 */
export class StandingDocuments {
  #bundle: Opened<PolicyBundle> | null = null;
  readonly #entries = new Map<string, Opened<ConsentEntry>>();
  #agreements: EgressTask['agreements'] = {};
  #written = '';

  constructor(private readonly here: { readonly server: string; readonly trust: TrustAnchors; readonly stateDir: string }) {}

  get bundle(): PolicyBundle | null {
    return this.#bundle?.payload ?? null;
  }

  get entries(): EntryIndex {
    return new EntryIndex([...this.#entries.values()].map(({ payload }) => payload));
  }

  get revisions(): Record<string, number> {
    return Object.fromEntries([...this.#entries].map(([scope, { payload }]) => [scope, payload.revision]));
  }

  /** Which texts the agent found, by profile. */
  get agreements(): EgressTask['agreements'] {
    return this.#agreements;
  }

  /** Takes up what was kept. Returns what of it counts no longer. Errors: throws when others could have written the file. */
  restore(): string[] {
    const bytes = readStateFile(stateFolder(this.here.stateDir), FILE, STANDING_BYTES_MAX);
    if (bytes === null) return [];
    try {
      const task = egressTask.safeParse(JSON.parse(bytes.toString('utf8')));
      return task.success ? this.#take(task.data) : ['what was kept has another form than this version knows'];
    } catch {
      return ['what was kept is not JSON'];
    }
  }

  /** Takes in what is newer than what is known. Returns what was refused, in words. Errors: throws when it cannot be kept on disk; it counts nevertheless. */
  accept(task: EgressTask): string[] {
    const refused = this.#take(task);
    this.#keep();
    return refused;
  }

  #take(task: EgressTask): string[] {
    this.#agreements = task.agreements;
    return [...(task.bundle === null || task.bundle === undefined ? [] : this.#takeBundle(task.bundle)), ...task.entries.flatMap((entry) => this.#takeEntry(entry))];
  }

  #takeBundle(raw: unknown): string[] {
    const opened = openSigned(raw, { schema: signedPolicyBundle, context: SIGNING_CONTEXTS.bundle, publicKey: this.here.trust.rotation });
    if (!opened.ok) return [`the bundle ${WHY_NOT[opened.error]}`];
    if (opened.value.payload.server !== this.here.server) return ['the bundle is for another server'];
    if (this.#bundle === null || opened.value.payload.version > this.#bundle.payload.version) this.#bundle = opened.value;
    return [];
  }

  #takeEntry(raw: unknown): string[] {
    const opened = openSigned(raw, { schema: signedConsentEntry, context: SIGNING_CONTEXTS.consent, publicKey: this.here.trust.consent });
    if (!opened.ok) return [`a consent entry ${WHY_NOT[opened.error]}`];
    const scope = scopeKey(opened.value.payload.scope);
    const before = this.#entries.get(scope);
    if (before === undefined || opened.value.payload.revision > before.payload.revision) this.#entries.set(scope, opened.value);
    return [];
  }

  #keep(): void {
    const task: EgressTask = { schema: 'mailwarden/egress-task/v1', bundle: this.#bundle?.document ?? null, entries: [...this.#entries.values()].map(({ document }) => document), agreements: this.#agreements };
    const text = JSON.stringify(task);
    if (text === this.#written) return;
    writeStateFile(stateFolder(this.here.stateDir), FILE, Buffer.from(text));
    this.#written = text;
  }
}
