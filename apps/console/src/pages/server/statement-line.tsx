import type { FindingView, RotationView, StatementRow } from '@mailwarden/contracts';
import { useState } from 'react';
import { Breakable } from '../../parts/breakable.js';
import { Unknown } from '../../parts/measured-value.js';
import { exactLimitValue, limitWords, someOf } from '../../format/quantity.js';
import { shortSource } from './measured-words.js';
import { TrueNow } from './true-now.js';
import classes from './statement.module.css';

/** Accounts named at once; all of them on hover. */
const ACCOUNTS_SHOWN = 4;
/** Data types named at once; one more than this is named too, since "and 1 more" takes its place. */
const TYPES_SHOWN = 4;

interface LineProps {
  readonly row: StatementRow;
  readonly rotations: readonly RotationView[];
  readonly findings: readonly FindingView[];
  readonly old: boolean;
  /** Whether the address leads to this very row. */
  readonly aimedAt: boolean;
}

/** One row of the vendor's table, and beside it what is true now. */
export function StatementLine({ row, rotations, findings, old, aimedAt }: LineProps) {
  return (
    <tr data-testid={`statement-row-${row.store}`} data-state={row.state} data-aimed={aimedAt || undefined} id={`store-${row.store}`}>
      <td data-column="Section"><div><span className={classes['section']}>{row.section}</span><br /><span className="soft">{row.store === row.kind ? row.store : `${row.store}, ${row.kind}`}</span></div></td>
      <td data-column="Directory">{row.directories === null ? <span className="soft">Not stated by the vendor</span> : <ul className={classes['list']}>{row.directories.map((directory) => <li key={directory}><code><Breakable text={directory} /></code></li>)}</ul>}</td>
      <td data-column="Data type">{row.dataCategories === null ? <span className="soft">Not stated by the vendor</span> : <DataTypes categories={row.dataCategories} />}</td>
      <td data-column="Storage duration"><Duration row={row} /></td>
      <td data-column="Protection"><Protection row={row} /></td>
      <td data-column="What is true now" className={classes['now']}><TrueNow row={row} rotations={rotations} findings={findings} old={old} /></td>
    </tr>
  );
}

function DataTypes({ categories }: { readonly categories: NonNullable<StatementRow['dataCategories']> }) {
  const [all, setAll] = useState(false);
  const few = categories.length <= TYPES_SHOWN + 1;
  const shown = all || few ? categories : categories.slice(0, TYPES_SHOWN);
  return (
    <div>
      <ul className={classes['types']}>{shown.map(({ id, title }) => <li key={id} title={id}>{title}</li>)}</ul>
      {!few && <button type="button" className={classes['more']} aria-expanded={all} title={all ? undefined : categories.slice(TYPES_SHOWN).map(({ title }) => title).join('\n')} onClick={() => setAll(!all)}>{all ? 'Show fewer' : `and ${categories.length - TYPES_SHOWN} more`}</button>}
    </div>
  );
}

/** The documented duration, and every limit with who says so; the one that counts is marked. */
function Duration({ row: { duration, limits } }: { readonly row: StatementRow }) {
  return (
    <div>
      <div className={classes['line']}><span>{duration.text}</span>{duration.source !== null && <span className={classes['origin']}>{duration.source}</span>}</div>
      {limits.length > 0 && (
        <div className={classes['limits']}>
          {limits.map((limit) => (
            <div key={`${limit.origin} ${limit.kind} ${limit.source} ${limit.written}`} className={classes['limit']} data-used={limit.used || undefined}>
              <span><b title={exactLimitValue(limit.kind, limit.value)}>{limitWords(limit)}</b> {limit.used && <span className={classes['tag']}>counts</span>}</span>
              <span className={classes['origin']} title={limit.source}>{limit.origin}: <Breakable text={shortSource(limit.source)} /></span>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

function Protection({ row: { protection, access } }: { readonly row: StatementRow }) {
  return (
    <div>
      <div className={classes['line']}>{protection.accounts === null ? <span className="soft">Not stated by the vendor</span> : <span>{protection.accounts.join(', ')}</span>}{protection.source !== null && <span className={classes['origin']}>{protection.source}</span>}</div>
      {access.accounts.length > 0 && <div className="soft" style={{ marginTop: 6 }} title={access.accounts.map(({ name, because }) => `${name}: ${because}`).join('\n')}>Now read by {someOf(access.accounts.filter((account) => account.read).map((account) => account.name), ACCOUNTS_SHOWN)}</div>}
      {access.accounts.length === 0 && access.breaches.length === 0 && protection.accounts !== null && <div style={{ marginTop: 6 }}><AccessUnknown /></div>}
    </div>
  );
}

const AccessUnknown = () => <Unknown reason="who gets in was not seen" />;
