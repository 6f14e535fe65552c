import type { Receipt } from './rotation.js';

/** Everything that an order deleted: what it planned, and halves of pairs that were alone. Bounds, what was foretold and what is told to others count all of it. Units: bytes, allocated. */
export const deletedInAll = ({ deleted, orphans }: Pick<Receipt, 'deleted' | 'orphans'>): { readonly items: number; readonly bytes: number } => ({
  items: deleted.items + (orphans?.files ?? 0) + (orphans?.rows ?? 0),
  bytes: deleted.bytes + (orphans?.bytes ?? 0),
});
