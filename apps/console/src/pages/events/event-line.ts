import type { EventView } from '@mailwarden/contracts';
import { formatByteCount, formatDuration } from '@mailwarden/kernel';
import { countOf } from '../../format/quantity.js';

const text = (detail: EventView['detail'], name: string): string => {
  const value = Object.hasOwn(detail, name) ? detail[name] : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
};
const figure = (detail: EventView['detail'], name: string): number => {
  const value = Object.hasOwn(detail, name) ? detail[name] : undefined;
  return typeof value === 'number' ? value : 0;
};

/** What an event tells, in one line. An event that this console does not know shows its own fields. */
export function eventLine({ event, detail }: Pick<EventView, 'event' | 'detail'>): string {
  switch (event) {
    case 'finding.opened':
    case 'finding.updated':
      return text(detail, 'message');
    case 'finding.resolved':
      return `${text(detail, 'code')} resolved after ${formatDuration(figure(detail, 'openSeconds'))}`;
    case 'rotation.ordered':
      return `${text(detail, 'store')} by policy ${text(detail, 'policy')}`;
    case 'rotation.completed':
      return `${text(detail, 'store')}: ${text(detail, 'outcome')}, ${countOf(figure(detail, 'itemsDeleted'), 'entry', 'entries')} deleted, ${formatByteCount(figure(detail, 'bytesDeleted'))}`;
    case 'rotation.proved':
      return `${text(detail, 'store')} holds ${countOf(figure(detail, 'items'), 'entry', 'entries')}, ${formatByteCount(figure(detail, 'bytes'))}`;
    case 'consent.decided':
      return `${text(detail, 'action')} ${text(detail, 'agreement')} for ${text(detail, 'scope')}`;
    case 'consent.proposed':
      return `${countOf(figure(detail, 'decisions'), 'decision')} for a second person to confirm`;
    case 'consent.answered':
      return `what was proposed is ${text(detail, 'answer')}`;
    case 'consent.converged':
      return `${text(detail, 'agreement')} on ${countOf(figure(detail, 'servers'), 'server')} after ${figure(detail, 'milliseconds')} ms`;
    case 'agent.silent':
      return `last seen ${text(detail, 'lastSeenAt')}`;
    case 'agent.returned':
      return `after ${formatDuration(figure(detail, 'silentSeconds'))} of silence`;
    case 'ledger.checkpoint':
      return `${countOf(figure(detail, 'size'), 'leaf', 'leaves')}, root ${text(detail, 'rootHash').slice(0, 16)}`;
    case 'operator.signed-in':
      return `by ${text(detail, 'means')}`;
    case 'message.rejected':
      return `${text(detail, 'consumer')}: ${text(detail, 'reason')}`;
    default:
      return Object.entries(detail).map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`).join(', ').slice(0, 300);
  }
}
