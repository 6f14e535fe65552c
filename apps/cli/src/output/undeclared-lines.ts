import type { Statement } from '@mailwarden/contracts';
import { formatByteCount } from '@mailwarden/kernel';

const KINDS = { 'mail-like': 'what looks like letters, open to everyone', 'account-files': "the product's accounts" } as const;

/** Data outside every store, as named lines; nothing where nobody looked. */
export function undeclaredLines({ undeclared }: Pick<Statement, 'undeclared'>): (readonly [name: string, text: string])[] {
  if (undeclared === undefined) return [];
  if (!undeclared.known) return [['outside every store', `unknown, because ${undeclared.reason}`]];
  if (undeclared.value.length === 0) return [['outside every store', 'nothing was found']];
  return undeclared.value.map(({ kind, place, items, bytes, newestAt }) => [place, `${KINDS[kind]}: ${items} ${items === 1 ? 'file' : 'files'}, ${formatByteCount(bytes)}${newestAt === null ? '' : `, newest ${newestAt}`}`]);
}
