import { SIGNING_CONTEXTS, signedPolicyBundle, type PolicyBundle } from '@mailwarden/contracts';
import { verifySignature, type PublicKeyText } from '@mailwarden/kernel';

/** The newest policy bundle of every server, as the rotation worker signed it. */
export class PolicyBundles {
  readonly #bundles = new Map<string, PolicyBundle>();

  constructor(private readonly rotationKey: PublicKeyText) {}

  /** Takes one bucket entry; `null` means that it was removed. Returns false when it is forged, misplaced or unreadable. */
  take(server: string, value: unknown): boolean {
    if (value === null) return this.#bundles.delete(server);
    const parsed = signedPolicyBundle.safeParse(value);
    if (!parsed.success || parsed.data.payload.server !== server) return false;
    if (!verifySignature(this.rotationKey, SIGNING_CONTEXTS.bundle, (value as { payload: unknown }).payload, parsed.data.signature)) return false;
    this.#bundles.set(server, parsed.data.payload);
    return true;
  }

  of(server: string): PolicyBundle | null {
    return this.#bundles.get(server) ?? null;
  }
}
