import type { StatementRow } from '@mailwarden/contracts';
import { formatByteCount } from '@mailwarden/kernel';
import { relativeTime } from '../../format/moment.js';
import { groupedCount } from '../../format/quantity.js';
import type { MeasuredWords } from './measured-words.js';

type Measured = StatementRow['measured'];

const signed = (value: number, words: (amount: number) => string): string => (value < 0 ? `\u2212${words(-value)}` : `+${words(value)}`);
const bytesOrRecords = (kind: 'bytes' | 'records', value: number): string => (kind === 'bytes' ? formatByteCount(value) : `${groupedCount(Math.round(value))} records`);

/** `+12 entries, +3.40 MB since 2 minutes ago`; nothing where nothing changed. */
function growthWords({ growth }: Measured, nowMs: number): MeasuredWords[] {
  if (growth?.known !== true || (growth.value.items === 0 && growth.value.bytes === 0)) return [];
  const { items, bytes, since } = growth.value;
  return [{ name: 'Change', words: `${signed(items, groupedCount)} entries, ${signed(bytes, formatByteCount)} since ${relativeTime(since, nowMs)}`, bad: false }];
}

/** When the limit is reached, with how sure that is; nothing for a store that stands still or shrinks. */
function forecastWords({ forecast }: Measured, nowMs: number): MeasuredWords[] {
  if (forecast?.known !== true || forecast.value.reachesAt === null) return [];
  const { kind, limit, perDay, reachesAt, earliestAt, latestAt } = forecast.value;
  const earliest = earliestAt === null || earliestAt === reachesAt ? '' : `, ${relativeTime(earliestAt, nowMs)} at the earliest`;
  const latest = latestAt === null ? ', or much later' : latestAt === reachesAt ? '' : `, ${relativeTime(latestAt, nowMs)} at the latest`;
  return [{ name: 'Forecast', words: `${signed(perDay, (amount) => bytesOrRecords(kind, amount))} a day: ${bytesOrRecords(kind, limit)} ${relativeTime(reachesAt, nowMs)}${earliest}${latest}`, bad: false }];
}

/** Where a store is going: its change since the scan before, and when it reaches its limit. */
export const courseWords = (measured: Measured, nowMs: number): MeasuredWords[] => [...growthWords(measured, nowMs), ...forecastWords(measured, nowMs)];
