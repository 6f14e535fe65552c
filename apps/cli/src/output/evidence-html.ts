import type { DeletionRow, PackVerdict, PeriodSummary, StatedRow } from '@mailwarden/evidence-pack';
import { formatByteCount, type Measured } from '@mailwarden/kernel';
import { html, type Html } from './html.js';

const STYLE = `
  body { font: 15px/1.5 system-ui, sans-serif; color: #1b1f24; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
  table { border-collapse: collapse; width: 100%; font-size: .9rem; } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #d8dee4; overflow-wrap: anywhere; }
  td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; } .holds { color: #116329; } .fails { color: #a40e26; } .quiet { color: #57606a; }
  @media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } tr { break-inside: avoid; } }`;

const amount = (value: Measured<{ items: number; bytes: number }>): string => (value.known ? `${value.value.items} items, ${formatByteCount(value.value.bytes)}` : `unknown: ${value.reason}`);
const counted = (counts: ReadonlyMap<string, number>): string => [...counts].map(([what, count]) => `${count} ${what}`).join(', ');

/** A table, or a sentence where it would be empty. */
function table(titles: readonly string[], rows: readonly (readonly (string | number)[])[], nothing: string): Html {
  if (rows.length === 0) return html`<p class="quiet">${nothing}</p>`;
  const cell = (value: string | number): Html => (typeof value === 'number' ? html`<td class="n">${value}</td>` : html`<td>${value}</td>`);
  return html`<table><thead><tr>${titles.map((title) => html`<th>${title}</th>`)}</tr></thead><tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody></table>`;
}

const section = (title: string, about: string, body: Html): Html => html`<h2>${title}</h2><p class="quiet">${about}</p>${body}`;
const stated = (rows: readonly StatedRow[], titles: readonly [string, string], nothing: string): Html => table(['when', ...titles, 'by (keyed hash)'], rows.map(({ at, what, about, by }) => [at, what, about, by]), nothing);

function deletionCells(row: DeletionRow): (string | number)[] {
  return [row.server, `${row.profile} / ${row.store}`, row.policy, `${row.receipts}: ${counted(row.outcomes)}`, row.items, formatByteCount(row.bytes), `${row.before.items} items, ${formatByteCount(row.before.bytes)}`, amount(row.after), counted(row.skipped), [...row.reasons].join('; ')];
}

function verified(verdict: PackVerdict, knownKeys: boolean): Html {
  const { period, checkpoint, continues, keys } = verdict;
  const lines = [
    period === null ? '' : `Entries ${period.first?.size ?? 0} to ${period.last.size - 1} of the ledger, ${period.entries} told and ${period.hidden} by their hashes alone: none is missing, doubled, changed or in another place, by ${period.checkpoints + 1} signed heads.`,
    period === null ? '' : `${period.signed} entries carry the signature of who sent them, by the key that counted then; the others are the reporting service's own word, or of a version that kept no signatures.`,
    checkpoint === null ? 'No signed head of the ledger covers it.' : `Head of the ledger: ${checkpoint.size} entries, root ${checkpoint.rootHash}, signed at ${checkpoint.at}.`,
    continues === null ? '' : `The ledger goes on from the ${continues} entries of a checkpoint that was kept elsewhere.`,
  ].filter((line) => line !== '');
  const not = [
    knownKeys ? '' : `It was checked by its own keys (${Object.entries(keys).map(([service, id]) => `${service} ${id}`).join(', ')}): that they are those of the installation was not.`,
    continues === null ? 'That the ledger was not rewritten as a whole was not checked: no checkpoint that was kept elsewhere was given.' : '',
    'Whether something was left out of the ledger from the beginning, and whether a server told the truth about itself, cannot be seen from a pack.',
    period?.server === null || period === null ? '' : 'Of entries that are told by their hashes alone only their place was checked: that none of them is about this server is shown by a pack about the whole fleet.',
    ...verdict.notes,
  ].filter((line) => line !== '');
  return html`<h2>What was checked</h2><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul><h2>What was not</h2><ul>${not.map((line) => html`<li>${line}</li>`)}</ul>`;
}

const problems = ({ problems: found }: PackVerdict): Html => html`<p class="fails"><strong>It does not hold.</strong> Nothing below can be relied on.</p><ul>${found.map(({ line, code, message }) => html`<li>line ${line}: ${message} (${code})</li>`)}</ul>`;

function periodBody(summary: PeriodSummary): Html {
  const { deletions, decisions, policies, enrolments, actions, texts, bundles, left } = summary;
  return html`${section('Deleted', 'By receipts that the executor of each server signed: totals of the period for each store and policy. Before: what the first order found. After: what the last one left, as it was counted again after it.', table(['server', 'store', 'policy', 'receipts', 'items', 'bytes', 'before', 'after', 'stayed', 'because'], [...deletions.values()].map(deletionCells), 'No receipt of a deletion is in the period.'))}
${section('Decisions', 'On agreements. Attested: servers whose newest signed word of the period names the decision, or a later one of its scope.', table(['when', 'agreement', 'decision', 'for', 'attested by', 'id'], decisions.map(({ at, agreement, action, scope, attested, id }) => [at, agreement, action, scope, attested, id]), 'Nothing was decided in the period.'))}
${section('Policies', `What was changed; ${bundles} signed bundles went out to servers.`, stated(policies, ['what', 'policy'], 'No policy was changed in the period.'))}
${section('Servers', 'Taken in, changed or taken out.', stated(enrolments, ['what', 'server'], 'No membership was changed in the period.'))}
${section('Texts of agreements', 'By their SHA-256.', stated(texts, ['agreement', 'text'], 'No text was given in.'))}
${section('Actions of operators', 'Persons are keyed hashes: only the installation can say who it was.', stated(actions, ['what', 'about'], 'No action was recorded in the period.'))}
${left === 0 ? '' : html`<p>${left} more are in the pack and not listed here.</p>`}`;
}

const agreementBody = ({ decisions }: PackVerdict): Html =>
  section('Decisions', 'Names are in the pack, beside the papers.', table(['decided', 'decision', 'in the ledger', 'servers', 'applied it', 'id'], decisions.map(({ decision, inLedger, servers, applied }) => [decision.decidedAt, decision.action, inLedger ? 'yes' : 'no', servers, applied ?? 'not known', decision.id]), 'Nothing was decided.'));

/** A page to print, made of what was checked. Safety: every value is encoded; it holds no script and loads nothing. */
export function evidencePage(verdict: PackVerdict, summary: PeriodSummary, about: { readonly sha256: string; readonly knownKeys: boolean }): string {
  const { period, agreement, at, holds } = verdict;
  const title = period === null ? `Evidence of ${agreement ?? 'nothing'}` : `Evidence of ${period.server ?? 'the whole fleet'}, ${period.from} to ${period.to}`;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${html([STYLE] as unknown as TemplateStringsArray)}</style></head>
<body><h1>${title}</h1>
<p>Pack made at ${at ?? 'no time'}, SHA-256 ${about.sha256}.</p>
${holds ? html`<p class="holds"><strong>It holds.</strong></p>` : problems(verdict)}
${verified(verdict, about.knownKeys)}
${period === null ? agreementBody(verdict) : periodBody(summary)}
</body></html>
`;
  return page.text;
}
