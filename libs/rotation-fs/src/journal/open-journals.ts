import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Receipt } from '@mailwarden/contracts';
import { canonicalJson, sha256 } from '@mailwarden/kernel';
import type { OrderFacts } from '../outcome.js';
import { readRecords, type JournalRecord } from './journal.js';

const SUFFIX = '.journal';

const isAbsent = (cause: unknown): boolean => (cause as NodeJS.ErrnoException).code === 'ENOENT';

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => name.endsWith(SUFFIX));
  } catch (cause) {
    if (isAbsent(cause)) return [];
    throw cause;
  }
}

/** Null where it cannot be read: it is kept for whoever looks into it, and must not hide the others. */
function recordsOrNull(path: string): readonly JournalRecord[] | null {
  try {
    return readRecords(path);
  } catch {
    return null;
  }
}

/** An order that a person gave at the host, by its facts alone: its account goes to that person. */
const isOfPerson = ({ content, facts }: Extract<JournalRecord, { kind: 'opened' }>): boolean => facts.authority === undefined && content === sha256(canonicalJson(facts));

/** What this host began by the word of the rotation worker and never accounted for; and how many journals cannot be read. */
export function openJournals(dir: string): { readonly open: readonly OrderFacts[]; readonly damaged: number } {
  const open: OrderFacts[] = [];
  let damaged = 0;
  for (const name of namesIn(dir)) {
    const records = recordsOrNull(join(dir, name));
    if (records === null) damaged += 1;
    const opened = records?.find((record) => record.kind === 'opened');
    if (records === null || opened === undefined || isOfPerson(opened)) continue;
    if (!records.some(({ kind }) => kind === 'finished')) open.push(opened.facts);
  }
  return { open, damaged };
}

/** The account that was given of an order; null where it was not, or this host never heard of the order. Errors: throws when the journal is damaged. */
export function accountIn(dir: string, order: string): Receipt | null {
  try {
    return readRecords(join(dir, `${order}${SUFFIX}`)).find((record) => record.kind === 'finished')?.receipt ?? null;
  } catch (cause) {
    if (isAbsent(cause)) return null;
    throw cause;
  }
}
