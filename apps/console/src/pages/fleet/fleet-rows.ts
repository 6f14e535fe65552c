import type { ServerRow } from '@mailwarden/contracts';
import type { FleetFilter } from '../../router/url-filter.js';
import { SEVERITIES_FALLING } from '../../state/state-words.js';

const STATE_WEIGHT: Readonly<Record<ServerRow['state'], number>> = { finding: 4, unknown: 3, waiting: 2, 'not-limited': 1, 'in-order': 0 };

export const openFindings = (row: ServerRow): number => Object.values(row.openFindings).reduce<number>((sum, open) => sum + (open ?? 0), 0);

/** Larger is worse: state, then findings by their severity, each of them more than any number of the next. */
function weightOf(row: ServerRow): number[] {
  return [STATE_WEIGHT[row.state], row.agent === 'live' ? 0 : 1, ...SEVERITIES_FALLING.map((severity) => row.openFindings[severity] ?? 0)];
}

function worstFirst(a: ServerRow, b: ServerRow): number {
  const [left, right] = [weightOf(a), weightOf(b)];
  for (let index = 0; index < left.length; index += 1) {
    const difference = (right[index] ?? 0) - (left[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.server < b.server ? -1 : 1;
}

const ORDERS: Readonly<Record<NonNullable<FleetFilter['order']>, (a: ServerRow, b: ServerRow) => number>> = {
  state: worstFirst,
  name: (a, b) => (a.server < b.server ? -1 : 1),
  bytes: (a, b) => b.bytesStored - a.bytesStored,
  findings: (a, b) => openFindings(b) - openFindings(a),
  measured: (a, b) => ((a.lastObservedAt ?? '') < (b.lastObservedAt ?? '') ? -1 : 1),
};

/** Words that a server is found by: its name, product, and labels written `role=mx`. */
const wordsOf = (row: ServerRow): string => [row.server, row.product, ...Object.entries(row.labels).map(([label, value]) => `${label}=${value}`)].join(' ').toLowerCase();

/** The servers that a filter asks for, in its order; without a word about it, the worst first. */
export function fleetRows(servers: readonly ServerRow[], { find = '', state, order = 'state' }: FleetFilter): ServerRow[] {
  const wanted = find.toLowerCase().split(/\s+/).filter((word) => word !== '');
  return servers.filter((row) => (state === undefined || row.state === state) && wanted.every((word) => wordsOf(row).includes(word))).sort(ORDERS[order]);
}
