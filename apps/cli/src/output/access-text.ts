import type { AccessDocument, StoreAccessView } from './access-json.js';
import { renderTable, type Column } from './table.js';
import { printable, type Style } from './terminal.js';

interface Line {
  readonly account: string;
  readonly may: string;
  readonly declared: boolean | null;
  readonly because: string;
}

const mayWords = ({ read, write }: { read: boolean; write: boolean }): string => (read && write ? 'read, write' : write ? 'write' : read ? 'read' : 'not yet');
const declaredWords = ({ declared }: Line): string => (declared === null ? 'not stated' : declared ? 'yes' : '▲ no');

const COLUMNS: readonly Column<Line>[] = [
  { title: 'account', text: ({ account }) => account },
  { title: 'may', text: ({ may }) => may },
  { title: 'in the profile', text: declaredWords, style: ({ declared }, style) => (declared === false ? style.red : (text) => text) },
  { title: 'let in by', text: ({ because }) => because },
];

/** Accounts that get in, then the ways in that are no account's own: everyone, a folder above, what a default list will give. */
function linesOf({ access }: StoreAccessView): Line[] {
  const accounts = access.accounts.map((account): Line => ({ account: account.name, may: mayWords(account), declared: account.declared ?? null, because: account.because }));
  const told = new Set(accounts.map(({ account, because }) => `${account} ${because}`));
  const ways = access.breaches
    .filter(({ account, because }) => !told.has(`${account} ${because}`))
    .map((breach): Line => ({ account: breach.account, may: mayWords(breach), declared: false, because: `${breach.because}${breach.items > 1 ? ` (${breach.items} entries)` : ''}` }));
  return [...accounts, ...ways];
}

function declaredLine({ protection: { accounts, groups } }: StoreAccessView): string {
  if (accounts === null) return 'the vendor does not say who may';
  return `the profile names ${[...accounts, ...groups.map((group) => `group ${group}`)].join(', ')}`;
}

function storeLines(store: StoreAccessView, profile: string, style: Style): string[] {
  const head = `${style.bold(printable(store.section))}  ${style.dim(`${profile}/${store.id}: ${printable(declaredLine(store))}`)}`;
  const lines = linesOf(store);
  const gaps = [...(store.access.unseen ?? []), ...store.unknown].map(({ what, why }) => style.yellow(`not known: ${printable(what)}, because ${printable(why)}`));
  const body = lines.length > 0 ? renderTable(COLUMNS, lines, style) : [store.present ? 'nobody was found to get in' : 'nothing of it exists on this host'];
  return [head, ...[...body, ...gaps].map((line) => `  ${line}`), ''];
}

/** Who gets into each store and by what, as text. */
export const accessText = (document: AccessDocument, style: Style): string[] => [
  `${style.bold('Who gets in')} on ${printable(document.host)}, ${printable(document.product.name)}`,
  style.dim(`measured ${document.startedAt}`),
  '',
  ...document.stores.flatMap((store) => storeLines(store, document.product.id, { ...style, width: style.width === null ? null : style.width - 2 })),
];
