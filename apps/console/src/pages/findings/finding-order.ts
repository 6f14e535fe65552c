import type { FindingView } from '@mailwarden/contracts';
import { SEVERITIES_FALLING } from '../../state/state-words.js';

const STATE_ORDER: readonly FindingView['state'][] = ['open', 'accepted', 'resolved'];

/** What is open before what is not, the weightiest first, and of equal ones the newest. */
export function worstFirst<T extends Pick<FindingView, 'state' | 'severity' | 'openedAt'>>(findings: readonly T[]): T[] {
  return [...findings].sort(
    (a, b) =>
      STATE_ORDER.indexOf(a.state) - STATE_ORDER.indexOf(b.state) ||
      SEVERITIES_FALLING.indexOf(a.severity) - SEVERITIES_FALLING.indexOf(b.severity) ||
      Date.parse(b.openedAt) - Date.parse(a.openedAt),
  );
}
