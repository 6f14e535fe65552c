import type { Receipt } from '@mailwarden/contracts';
import type { Deleted } from './carry-out-files.js';

/** How a rotation ended, before it is written into a receipt. */
export interface Outcome {
  readonly outcome: Receipt['outcome'];
  readonly reason: string;
  readonly before: { readonly items: number; readonly bytes: number };
  readonly planned: { readonly items: number; readonly bytes: number; readonly oldestMs: number | null; readonly newestMs: number | null; readonly digest: string };
  readonly deleted: Deleted;
  readonly resumed: boolean;
}
