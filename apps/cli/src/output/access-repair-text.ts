import type { AccessRepairDocument, RepairedStore } from './access-repair-json.js';
import { printableName } from './rotate-text.js';
import { printable, type Style } from './terminal.js';

const MARKS: Readonly<Record<RepairedStore['state'], string>> = {
  'in-order': '● nobody else gets in',
  waits: '▲ waits to be applied',
  watched: '▲ somebody else gets in, only watched',
  'nobody-named': '○ nobody says who may get in',
  'stays-open': '▲ somebody else still gets in',
  failed: '✗ failed',
  done: '● done',
};

const TITLES = { plan: 'Repair plan of access', apply: 'Repair of access', undo: 'Repair taken back' } as const;

function mark(state: RepairedStore['state'], style: Style): string {
  if (state === 'in-order' || state === 'done') return style.green(MARKS[state]);
  if (state === 'nobody-named') return style.dim(MARKS[state]);
  return state === 'failed' ? style.red(MARKS[state]) : style.yellow(MARKS[state]);
}

function storeLines({ profile, id, state, reason, seen, planned, changed, left }: RepairedStore, style: Style): string[] {
  const kinds = (['mode', 'owner', 'group', 'list'] as const).flatMap((kind) => (planned[kind] > 0 ? [`${kind} of ${planned[kind]}`] : []));
  const lines: (readonly [string, string] | undefined)[] = [
    ['seen', `${seen} entries`],
    planned.entries > 0 ? ['change', `${planned.entries} entries: ${kinds.join(', ')}`] : undefined,
    changed === undefined ? undefined : ['changed', `${changed} entries`],
    left.length > 0 ? ['stay', left.map((one) => `${one.entries} ${one.reason}`).join(', ')] : undefined,
    reason === '' ? undefined : ['so', reason],
  ];
  return [`${style.bold(printable(id))}  ${style.dim(printable(profile))}  ${mark(state, style)}`, ...lines.filter((line) => line !== undefined).map(([label, text]) => `  ${style.dim(label.padEnd(9))} ${printable(text)}`), ''];
}

const rightsText = ({ uid, gid, mode, acl }: { uid: number; gid: number; mode: string; acl: boolean }): string => `${mode}${acl ? '+' : ''} ${uid}:${gid}`;

/** Plan or account of a repair as text. */
export function accessRepairText(document: AccessRepairDocument, style: Style): string[] {
  return [
    `${style.bold(TITLES[document.mode])} on ${printable(document.host)}, ${printable(document.root)}`,
    ...document.remarks.map((remark) => style.dim(printable(remark))),
    '',
    ...document.stores.flatMap((store) => storeLines(store, style)),
    ...(document.list ?? []).map((item) => `${printable(item.store)}  ${rightsText(item.before)}  ->  ${rightsText(item.after)}  ${printableName(Buffer.from(item.name, 'base64'))}`),
    ...(document.id === null || document.mode === 'undo' ? [] : [`To take it back: mailwarden access repair --undo ${document.id}${document.root === '/' ? '' : ` --root ${printable(document.root)}`}`]),
  ];
}
