import type { Profile, Store } from '@mailwarden/catalogue';
import type { Bounds, Clock, Hold, Watermark } from '@mailwarden/contracts';
import type { Host } from '@mailwarden/inventory-fs';

/** What one store is to be brought to, and by whose word. */
export interface RotateRequest {
  readonly host: Host;
  /** With its variables filled in on this host. */
  readonly profile: Profile;
  readonly store: Store;
  readonly watermarks: readonly Watermark[];
  /** Which moment of an item says how old it is. */
  readonly clock: Clock;
  readonly keep: { readonly newest: number; readonly youngerThanSeconds: number };
  readonly bounds: Bounds;
  readonly holds: readonly Hold[];
  /** When the order was made, by the clock of whoever made it. Units: milliseconds since 1970. */
  readonly issuedAtMs: number;
  /** Key of the digest over the exact list. */
  readonly hashKey: Uint8Array;
  /** The clock on the wall. */
  readonly now: () => number;
}

/** Called before each step, for tests that end the process there. */
export type StepWatch = (step: 'folder' | 'intent' | 'taken' | 'moved' | 'rows' | 'unlink' | 'unlinked' | 'deleted' | 'commit' | 'finished') => void;

export interface ApplyRequest extends RotateRequest {
  readonly journalDir: string;
  readonly watch?: StepWatch;
}
