import type { AssessedFinding, Observation, UndeclaredData } from '@mailwarden/contracts';
import { formatByteCount } from '@mailwarden/kernel';

const WORDS: Readonly<Record<UndeclaredData['kind'], { one: string; more: string; advice: string }>> = {
  'mail-like': {
    one: 'file that looks like a letter can be read by everyone',
    more: 'files that look like letters can be read by everyone',
    advice: 'find out what writes them, take the right to read from everyone, and declare the store in a profile of your own',
  },
  'account-files': {
    one: "file of the product's accounts lies outside every declared store",
    more: "files of the product's accounts lie outside every declared store",
    advice: 'find out what writes them; if they belong to the product, declare the store in a profile of your own',
  },
};

/** Data that no store of any profile covers. Privacy: told by a folder of the system alone. */
export function undeclaredFindings({ undeclared }: Observation): AssessedFinding[] {
  if (undeclared?.known !== true) return [];
  const { source } = undeclared;
  return undeclared.value.filter(({ items }) => items > 0).map(({ kind, place, items, bytes }) => {
    const { one, more, advice } = WORDS[kind];
    const where = place === 'other' ? 'outside the usual folders of the system' : `below ${place}`;
    return { code: 'undeclared-data', severity: kind === 'mail-like' ? 'high' : 'low', store: null, subject: `${kind} ${place}`, message: `${items} ${items === 1 ? one : more}, ${where}: ${formatByteCount(bytes)}`, advice, source: (source ?? 'this scan').slice(0, 200) };
  });
}
