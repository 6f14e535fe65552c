import type { Profile, Store } from '@mailwarden/catalogue';
import type { Bounds, Hold, Watermark } from '@mailwarden/contracts';
import type { Host } from '@mailwarden/inventory-fs';
import type { StepWatch } from './carry-out-files.js';

/** What one store is to be brought to, and by whose word. */
export interface RotateRequest {
  readonly host: Host;
  /** With its variables filled in on this host. */
  readonly profile: Profile;
  readonly store: Store;
  readonly watermarks: readonly Watermark[];
  readonly keep: { readonly newest: number; readonly youngerThanSeconds: number };
  readonly bounds: Bounds;
  readonly holds: readonly Hold[];
  /** Key of the digest over the exact list. */
  readonly hashKey: Uint8Array;
  readonly now: () => number;
}

export interface ApplyRequest extends RotateRequest {
  readonly order: string;
  readonly journalDir: string;
  readonly watch?: StepWatch;
}
