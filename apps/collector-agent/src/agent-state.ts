import type { ConsentEntry, Observation, PolicyBundle, SignedPolicyBundle } from '@mailwarden/contracts';
import type { ProfileId } from '@mailwarden/kernel';

/** What the agent knows right now. One writer per member; everybody may read. */
export class AgentState {
  bundle: PolicyBundle | null = null;
  /** The same as it was received and signed, for the executor, which believes nothing else. */
  signedBundle: SignedPolicyBundle | null = null;
  readonly consent = new Map<string, ConsentEntry>();
  /** The same entries as they were received and signed, for the keeper of the packet filter. */
  readonly signedConsent = new Map<string, unknown>();
  readonly observations = new Map<ProfileId, Observation>();
  /** The newest order that was carried out on this host. */
  lastOrder: string | null = null;
  /** How long the newest round of scans took. Units: milliseconds. */
  scanMs: number | null = null;

  /** The bundle while it counts: an expired one means `observe`. */
  bundleAt(nowMs: number): PolicyBundle | null {
    return this.bundle !== null && Date.parse(this.bundle.expiresAt) > nowMs ? this.bundle : null;
  }

  modeAt(nowMs: number): 'observe' | 'enforce' {
    return this.bundleAt(nowMs)?.rules.some((rule) => rule.mode === 'enforce') === true ? 'enforce' : 'observe';
  }
}
