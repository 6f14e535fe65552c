import type { ExactPlans, PlanRow, PolicyPlan } from '@mailwarden/contracts';
import { formatByteCount, formatDuration } from '@mailwarden/kernel';
import { renderTable, type Column } from './table.js';
import { printable, type Style } from './terminal.js';

type Totals = PolicyPlan['totals'][number];
const SAMPLES_TOLD = 3;
const SHORT_HASH = 12;

export const amountWords = ({ items, bytes }: { readonly items: number; readonly bytes: number }): string => `${items} ${items === 1 ? 'item' : 'items'}, ${formatByteCount(bytes)}`;
const counted = (value: number, one: string): string => `${value} ${value === 1 ? one : `${one}s`}`;
const ageWords = (at: string | null, nowMs: number): string => (at === null ? 'of unknown age' : `${formatDuration(Math.max(0, (nowMs - Date.parse(at)) / 1000))} old`);

/** What the states of stores are called where people read. */
const STATE_WORDS: Readonly<Record<PlanRow['state'], string>> = {
  'in-order': 'in order',
  'would-delete': 'over a limit',
  'over-bounds': 'stopped by its bounds',
  held: 'held',
  'not-rotatable': 'never deleted from',
  unmeasured: 'not measured',
};

const statesText = (states: Totals['states']): string =>
  Object.entries(states)
    .filter(([, stores]) => stores > 0)
    .map(([state, stores]) => `${stores} ${STATE_WORDS[state as PlanRow['state']]}`)
    .join(', ');

/** Nothing goes, for one of two reasons that must not look alike: nothing is over a limit, or something is and stays. */
function nothingWords(states: Totals['states'], style: Style): string {
  const staying = (['over-bounds', 'held'] as const).filter((state) => (states[state] ?? 0) > 0);
  if (staying.length === 0) return style.green('nothing would go');
  return style.yellow(`nothing would go, although over a limit: ${staying.map((state) => `${counted(states[state] ?? 0, 'store')} ${STATE_WORDS[state]}`).join(', ')}`);
}

/** One policy over the whole fleet. `observe` says so: what it would delete stays. */
function totalsLines(totals: Totals, nowMs: number, style: Style): string[] {
  const { wouldDelete, mode } = totals;
  const verb = mode === 'observe' ? 'would go if it were enforced' : mode === 'ask' ? 'would go once approved' : 'would go';
  const amount = `${amountWords(wouldDelete)} ${verb}, from ${counted(wouldDelete.stores, 'store')} on ${counted(wouldDelete.servers, 'server')}; the oldest ${ageWords(totals.oldestAt, nowMs)}`;
  const states = statesText(totals.states);
  return [
    `${style.bold(totals.policy)}  ${style.dim(`mode ${mode}${totals.change === 'same' ? '' : `, ${totals.change}`}`)}`,
    `  ${counted(totals.servers, 'server')}, ${counted(totals.stores, 'store')}${states === '' ? '' : `: ${states}`}`,
    `  ${wouldDelete.items === 0 ? nothingWords(totals.states, style) : style.yellow(amount)}`,
  ];
}

const columnsOf = (nowMs: number): readonly Column<PlanRow>[] => [
  { title: 'server', text: (row) => row.server },
  { title: 'store', text: (row) => row.store },
  { title: 'policy', text: (row) => row.policy },
  { title: 'state', text: (row) => STATE_WORDS[row.state], style: (row, style) => (row.state === 'in-order' ? style.green : style.yellow) },
  { title: 'passed', text: (row) => row.passed.join(', ') || '-' },
  { title: 'now', text: (row) => amountWords(row.before), align: 'right' },
  { title: 'would go', text: (row) => (row.wouldDelete.items === 0 ? '-' : `${row.state === 'over-bounds' ? 'not ' : ''}${amountWords(row.wouldDelete)}`), align: 'right' },
  { title: 'oldest', text: (row) => (row.wouldDelete.items === 0 ? '-' : ageWords(row.oldestAt, nowMs)) },
  { title: 'note', text: (row) => row.reason || '-' },
];

/** A plan from recorded state: totals for each policy, then the rows where most would go. */
export function planText(plan: PolicyPlan, nowMs: number, style: Style): string[] {
  if (plan.totals.length === 0) return ['No retention policy stands, so nothing would go.'];
  return [
    ...plan.totals.flatMap((totals) => totalsLines(totals, nowMs, style)),
    ...(plan.rows.length === 0 ? [] : ['', ...renderTable(columnsOf(nowMs), plan.rows, style)]),
    ...(plan.rowsLeft === 0 ? [] : [style.dim(`and ${counted(plan.rowsLeft, 'more row')} where something would go; --rows shows more`)]),
    '',
    style.dim('Foretold from what was last measured. --exact asks the hosts.'),
  ];
}

/** What one host answered. Names stay there: a sample is a hash that only the host can make again. */
function exactLines({ server, profile, store, policy, receipt, expired, order }: ExactPlans['orders'][number], nowMs: number, style: Style): string[] {
  const head = `${style.bold(server)}  ${profile}/${store}  ${style.dim(`policy ${policy}, order ${order}`)}`;
  if (receipt === null) return [head, `  ${style.yellow(expired ? 'no answer before the order expired' : 'no answer yet')}`];
  const { planned, outcome, reason, samples = [], skipped, notes = [] } = receipt;
  const told = samples.slice(0, SAMPLES_TOLD).map(({ name, bytes, at }) => `${name.slice(0, SHORT_HASH)} ${formatByteCount(bytes)} ${ageWords(at, nowMs)}`);
  const lines: (string | null)[] = [
    `now       ${amountWords(receipt.before)}`,
    `would go  ${amountWords(planned)}${planned.items === 0 ? '' : `, from ${planned.oldestAt ?? 'an unknown moment'} to ${planned.newestAt ?? 'an unknown moment'}`}`,
    skipped.length === 0 ? null : `stay      ${skipped.map((skip) => `${skip.items} ${skip.reason}`).join(', ')}`,
    outcome === 'planned' || outcome === 'nothing-to-do' ? null : `outcome   ${outcome}: ${reason}`,
    planned.items === 0 ? null : `digest    ${planned.digest}`,
    told.length === 0 ? null : `samples   ${told.join('; ')}${samples.length > told.length ? ` and ${samples.length - told.length} more` : ''}`,
    ...notes.map((note) => `note      ${note}`),
  ];
  return [head, ...lines.filter((line) => line !== null).map((line) => `  ${printable(line)}`)];
}

/** What hosts answered to exact plans. */
export const exactText = ({ orders }: ExactPlans, nowMs: number, style: Style): string[] => (orders.length === 0 ? ['No host is over a limit by what was last measured, so none was asked.'] : orders.flatMap((order) => exactLines(order, nowMs, style)));
