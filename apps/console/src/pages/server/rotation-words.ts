import type { RotationRule, StatementRow } from '@mailwarden/contracts';
import { formatByteCount, formatDuration } from '@mailwarden/kernel';
import { countOf } from '../../format/quantity.js';
import type { MeasuredWords } from './measured-words.js';

const ago = (at: string, nowMs: number): string => `${formatDuration(Math.max(0, (nowMs - Date.parse(at)) / 1000))} ago`;

/** `weekly, keeps 4, compresses; last 2 days ago`, with the name of the tool. */
function ruleWords({ tool, says, lastRanAt, everySeconds }: RotationRule, nowMs: number): MeasuredWords {
  const last = lastRanAt.known ? `; last ${ago(lastRanAt.value, nowMs)}` : everySeconds === null ? '' : `; when last is unknown: ${lastRanAt.reason}`;
  return { name: 'Rotated', words: `${tool}: ${says}${last}`, bad: false };
}

/** What the server's own rules do with a row, and what of it lies in the log of the system. Only of a log is it worth saying that no rule rotates it. */
export function rotationWords({ inSystemLog, rotationRules, present }: StatementRow['measured'], kind: StatementRow['kind'], nowMs: number): MeasuredWords[] {
  const rules = rotationRules ?? [];
  const unruled = rotationRules?.length === 0 && kind === 'log' && present ? [{ name: 'Rotated', words: 'by no rule of this server', bad: false }] : [];
  return [...(inSystemLog === undefined ? [] : [logWords(inSystemLog, nowMs)]), ...rules.map((rule) => ruleWords(rule, nowMs)), ...unruled];
}

function logWords(log: NonNullable<StatementRow['measured']['inSystemLog']>, nowMs: number): MeasuredWords {
  const name = 'In the system log';
  if (!log.known) return { name, words: `unknown: ${log.reason}`, bad: false };
  const { lines, bytes, files, oldestAt } = log.value;
  if (lines === 0) return { name, words: 'nothing', bad: false };
  return { name, words: `${countOf(lines, 'line')}, ${formatByteCount(bytes)} in ${countOf(files, 'log')}${oldestAt === null ? '' : `, oldest ${ago(oldestAt, nowMs)}`}`, bad: false };
}
