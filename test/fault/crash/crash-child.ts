import type { Receipt } from '@mailwarden/contracts';
import { PlainStore, type DatabasePlace, type Terms } from '../plain-store.js';

/** What a child is told: which order to carry out where. */
export interface CrashTask {
  readonly root: string;
  readonly order: string;
  readonly database: DatabasePlace | null;
  readonly terms: Terms;
}

/** What it says in the end. */
export type CrashAnswer = { readonly receipt: Receipt } | { readonly failed: string };

/** Carries out one order and says so; whoever started it ends it in the middle. */
process.on('message', ({ root, order, database, terms }: CrashTask) => {
  process.send?.('begun');
  new PlainStore(root, database).rotate(order, terms).then(
    (receipt) => process.send?.({ receipt }),
    (cause: unknown) => process.send?.({ failed: String(cause) }), // As after a power cut, when nothing answers any more.
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
