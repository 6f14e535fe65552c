import { deletedInAll, receipt, type Receipt } from '@mailwarden/contracts';
import type { CheckedEntry } from './pack-verdict.js';
import { isFields, type Fields, type Statement } from './statement.js';

/** Rows that a summary keeps of one kind; more are counted and not listed, so that memory does not grow with the period. */
const ROWS_MAX = 2_000;

/** What became of one store under one policy. */
export interface DeletionRow {
  readonly server: string;
  readonly profile: string;
  readonly store: string;
  readonly policy: string;
  receipts: number;
  /** Receipts by how they ended. */
  readonly outcomes: Map<string, number>;
  /** Why some ended otherwise than completed. */
  readonly reasons: Set<string>;
  items: number;
  bytes: number;
  /** Items that stayed, by why. */
  readonly skipped: Map<string, number>;
  /** What the first receipt found, and what the last one left. */
  readonly before: { readonly items: number; readonly bytes: number };
  after: Receipt['after'];
  lastAt: string;
}

/** One statement, as far as a reader needs it. Nothing of it names a person. */
export interface StatedRow {
  readonly at: string;
  readonly what: string;
  readonly about: string;
  readonly by: string;
}

export interface DecisionRow {
  readonly at: string;
  readonly id: string;
  readonly agreement: string;
  readonly action: string;
  readonly scope: string;
  /** Servers whose newest word of the period names this decision's revision, or a later one of its scope. */
  attested: number;
  readonly revision: number;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : '');
const factsOf = (data: Fields): Fields => (isFields(data['facts']) ? data['facts'] : {});
const add = (counts: Map<string, number>, key: string, by = 1): void => void counts.set(key, (counts.get(key) ?? 0) + by);
const SHORT_HASH = 12;
const REASONS_MAX = 10;

/** Gathers what a period holds while its entries are checked. */
export class PeriodSummary {
  readonly deletions = new Map<string, DeletionRow>();
  readonly decisions: DecisionRow[] = [];
  readonly policies: StatedRow[] = [];
  readonly enrolments: StatedRow[] = [];
  readonly actions: StatedRow[] = [];
  readonly texts: StatedRow[] = [];
  readonly counts = new Map<string, number>();
  /** Rows that were counted and not listed. */
  left = 0;
  bundles = 0;
  readonly #revisions = new Map<string, Fields>();

  take({ statement }: CheckedEntry): void {
    add(this.counts, statement.kind);
    switch (statement.kind) {
      case 'receipt':
        return this.#receipt(statement.data);
      case 'attestation':
        return void (isFields(statement.data['revisions']) && this.#revisions.set(statement.server ?? '', statement.data['revisions']));
      case 'decision':
        return this.#decision(statement);
      case 'policy':
        return this.#policy(statement);
      case 'membership':
        return this.#list(this.enrolments, statement, textOf(factsOf(statement.data)['cause']) || textOf(factsOf(statement.data)['status']), textOf(statement.data['id']));
      case 'operator-action':
        return this.#list(this.actions, statement, textOf(factsOf(statement.data)['action']), this.#aboutOf(statement));
      case 'agreement-text':
        return this.#list(this.texts, statement, textOf(factsOf(statement.data)['agreement']), textOf(factsOf(statement.data)['text']));
    }
  }

  /** To be called after the last entry. */
  finish(): void {
    for (const decision of this.decisions) {
      for (const revisions of this.#revisions.values()) if (Number(revisions[decision.scope] ?? 0) >= decision.revision) decision.attested += 1;
    }
  }

  #list(rows: StatedRow[], { at, data }: Statement, what: string, about: string): void {
    if (rows.length >= ROWS_MAX) this.left += 1;
    else rows.push({ at, what, about, by: textOf(factsOf(data)['operator']).slice(0, SHORT_HASH) });
  }

  #aboutOf({ data }: Statement): string {
    const facts = factsOf(data);
    return ['server', 'store', 'policy'].map((name) => textOf(facts[name])).filter((text) => text !== '').join(' ');
  }

  #policy(statement: Statement): void {
    const facts = factsOf(statement.data);
    // What went out to each server is counted; what people changed is listed.
    if (typeof facts['policy'] !== 'string') this.bundles += 1;
    else this.#list(this.policies, statement, facts['withdrawn'] === true ? 'withdrawn' : 'applied', `${textOf(facts['policy'])} (${textOf(facts['kind'])})`);
  }

  #decision({ at, data }: Statement): void {
    const { agreement, action, scope, revision } = factsOf(data);
    if (this.decisions.length >= ROWS_MAX) this.left += 1;
    else this.decisions.push({ at, id: textOf(data['id']), agreement: textOf(agreement), action: textOf(action), scope: textOf(scope), attested: 0, revision: typeof revision === 'number' ? revision : Number.POSITIVE_INFINITY });
  }

  #receipt(data: Fields): void {
    const parsed = receipt.safeParse(data);
    if (!parsed.success) return add(this.counts, 'receipts of a form that this version does not know');
    const told = parsed.data;
    const key = [told.server, told.profile, told.store, told.policy].join(' ');
    const row = this.deletions.get(key) ?? this.#newRow(key, told);
    if (row === null) return;
    const deleted = deletedInAll(told);
    row.receipts += 1;
    add(row.outcomes, told.outcome);
    if (told.reason !== '' && row.reasons.size < REASONS_MAX) row.reasons.add(told.reason);
    row.items += deleted.items;
    row.bytes += deleted.bytes;
    for (const { reason, items } of told.skipped) add(row.skipped, reason, items);
    row.after = told.after;
    row.lastAt = told.finishedAt;
  }

  #newRow(key: string, { server, profile, store, policy, before, after, finishedAt }: Receipt): DeletionRow | null {
    if (this.deletions.size >= ROWS_MAX) {
      this.left += 1;
      return null;
    }
    const row: DeletionRow = { server, profile, store, policy, receipts: 0, outcomes: new Map(), reasons: new Set(), items: 0, bytes: 0, skipped: new Map(), before, after, lastAt: finishedAt };
    this.deletions.set(key, row);
    return row;
  }
}
