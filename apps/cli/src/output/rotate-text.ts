import { formatByteCount, formatExactDuration } from '@mailwarden/kernel';
import type { RotateDocument, RotateStore } from './rotate-json.js';
import { printable, type Style } from './terminal.js';

const MARKS: Readonly<Record<RotateStore['state'], string>> = {
  'in-order': '● in order',
  waits: '▲ waits to be applied',
  'window-closed': '▲ waits for its window',
  watched: '▲ over its limit, only watched',
  'stays-over': '▲ over its limit, and nothing may go',
  stopped: '■ stopped',
  failed: '✗ failed',
  done: '● done',
};

function mark(state: RotateStore['state'], style: Style): string {
  if (state === 'in-order' || state === 'done') return style.green(MARKS[state]);
  return state === 'stopped' || state === 'failed' ? style.red(MARKS[state]) : style.yellow(MARKS[state]);
}

const amountText = (amount: { items: number; bytes: number }): string => `${amount.items} ${amount.items === 1 ? 'item' : 'items'}, ${formatByteCount(amount.bytes)}`;

function limitText({ kind, limit, target }: RotateStore['watermarks'][number]): string {
  const text = (value: number): string => (kind === 'bytes' ? formatByteCount(value) : kind === 'age' ? formatExactDuration(value) : `${value} ${kind}`);
  return `${kind} at most ${text(limit)}, then down to ${text(target)}`;
}

/** What the reader must know, as that writing over means nothing on this storage. */
function notesOf({ receipt, notes: planned = [] }: Pick<RotateStore, 'receipt' | 'notes'>): readonly string[] {
  if (receipt === undefined) return planned;
  const { notes = [], orphans } = 'payload' in receipt ? receipt.payload : receipt;
  return orphans === undefined ? notes : [...notes, `of halves that were left alone, ${orphans.files} files and ${orphans.rows} rows went`];
}

function storeLines(store: RotateStore, style: Style): string[] {
  const { planned, deleted, after, receipt } = store;
  const lines: (readonly [string, string] | undefined)[] = [
    ['limit', store.watermarks.map(limitText).join(' · ')],
    ['now', amountText(store.before)],
    planned.items > 0 ? [deleted === undefined ? 'would go' : 'planned', `${amountText(planned)}, from ${planned.oldestAt ?? 'an unknown moment'} to ${planned.newestAt ?? 'an unknown moment'}`] : undefined,
    store.skipped.length > 0 ? ['stay', store.skipped.map(({ reason, items }) => `${items} ${reason}`).join(', ')] : undefined,
    deleted === undefined ? undefined : ['deleted', amountText(deleted)],
    after === undefined ? undefined : ['after', after.known ? amountText(after.value) : `unknown, because ${after.reason}`],
    store.reason === '' ? undefined : ['so', store.reason],
    ...notesOf(store).map((note) => ['note', note] as const),
    receipt === undefined ? undefined : ['receipt', 'signature' in receipt ? `order ${receipt.payload.order}, signed by key ${receipt.keyId}` : `order ${receipt.order}, not signed: no key was given`],
  ];
  return [`${style.bold(printable(store.id))}  ${style.dim(printable(`${store.profile}, policy ${store.policy}, mode ${store.policyMode}`))}  ${mark(store.state, style)}`, ...lines.filter((line) => line !== undefined).map(([label, text]) => `  ${style.dim(label.padEnd(9))} ${printable(text)}`), ''];
}

/** A name's bytes so that each can be read, and none can move the cursor: what is no UTF-8 is spelled out byte by byte. */
export function printableName(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(bytes)) return printable(text.replaceAll('\\', '\\\\'));
  return [...bytes].map((byte) => (byte < 0x20 || byte > 0x7e ? `\\x${byte.toString(16).padStart(2, '0')}` : byte === 0x5c ? '\\\\' : String.fromCodePoint(byte))).join('');
}

/** Plan or account of a local rotation as text. */
export function rotateText(document: RotateDocument, style: Style): string[] {
  return [
    `${style.bold(document.mode === 'plan' ? 'Rotation plan' : 'Rotation')} of ${printable(document.host)}, ${printable(document.root)}`,
    ...document.remarks.map((remark) => style.dim(printable(remark))),
    '',
    ...document.stores.flatMap((store) => storeLines(store, style)),
    ...(document.list ?? []).map((item) => `${printable(item.store)}  ${(item.at ?? '').padEnd(24)}  ${String(item.bytes).padStart(12)}  ${printableName(Buffer.from(item.name, 'base64'))}`),
  ];
}
