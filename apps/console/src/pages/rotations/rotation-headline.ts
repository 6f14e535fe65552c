import type { RotationView } from '@mailwarden/contracts';
import { formatByteCount } from '@mailwarden/kernel';
import { countOf } from '../../format/quantity.js';

const ASKS = { rotate: 'Bring', plan: 'Tell exactly what would go of', mark: 'Mark what would go of' } as const;

/** What an order came to, in one line. Never says that something was deleted before a receipt did. */
export function rotationHeadline({ order, state, receipt }: Pick<RotationView, 'order' | 'state' | 'receipt'>): string {
  const where = `${order.store} on ${order.server}`;
  if (receipt === null) return state === 'expired' ? `The order for ${where} expired without a receipt` : `${ASKS[order.purpose ?? 'rotate']} ${where}${order.purpose === 'plan' || order.purpose === 'mark' ? '' : ' back under its limit'}`;
  const { deleted } = receipt.payload;
  const done = `${countOf(deleted.items, 'entry', 'entries')} deleted, ${formatByteCount(deleted.bytes)}`;
  switch (state) {
    case 'proved':
    case 'completed':
      return `${done}: ${where}`;
    case 'planned':
      return `${countOf(receipt.payload.planned.items, 'entry', 'entries')} would go, ${formatByteCount(receipt.payload.planned.bytes)}: ${where}`;
    case 'marked':
      return `${countOf(receipt.payload.planned.items, 'entry', 'entries')} marked, ${formatByteCount(receipt.payload.planned.bytes)}: ${where}`;
    case 'nothing-to-do':
      return `Nothing to do: ${where} was not over its limit`;
    default:
      return deleted.items === 0 ? `${state === 'refused' ? 'Refused' : state === 'stopped' ? 'Stopped' : 'Failed'} before anything was deleted: ${where}` : `${state === 'stopped' ? 'Stopped' : 'Failed'} after ${done}: ${where}`;
  }
}
