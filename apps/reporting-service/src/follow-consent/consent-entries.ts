import { EntryIndex } from '@mailwarden/consent';
import { scopeKey, SIGNING_CONTEXTS, signedConsentEntry, type ConsentEntry } from '@mailwarden/contracts';
import { verifySignature, type PublicKeyText } from '@mailwarden/kernel';

/** The standing decisions of every scope, as the consent registry last published them. */
export class ConsentEntries {
  readonly #entries = new Map<string, ConsentEntry>();
  #index: EntryIndex | null = null;

  constructor(private readonly consentKey: PublicKeyText) {}

  /** Takes one bucket entry. Returns false when it is forged, unreadable or older than what is known. */
  take(value: unknown): boolean {
    const parsed = signedConsentEntry.safeParse(value);
    if (!parsed.success) return false;
    const { payload, signature } = parsed.data;
    // What was signed is the document as it came: a field unknown here is part of it.
    if (!verifySignature(this.consentKey, SIGNING_CONTEXTS.consent, (value as { payload: unknown }).payload, signature)) return false;
    const key = scopeKey(payload.scope);
    const known = this.#entries.get(key);
    if (known !== undefined && known.revision >= payload.revision) return false;
    this.#entries.set(key, payload);
    this.#index = null;
    return true;
  }

  /** With entries that were not published yet. */
  with(unpublished: readonly ConsentEntry[]): EntryIndex {
    return unpublished.length === 0 ? this.index() : new EntryIndex([...this.#entries.values(), ...unpublished]);
  }

  /** All of them by scope; made when it is asked for after a change. */
  index(): EntryIndex {
    return (this.#index ??= new EntryIndex(this.#entries.values()));
  }
}
