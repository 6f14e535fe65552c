import type { PlanRow, PolicyPlan } from '@mailwarden/contracts';
import { Link } from '@tanstack/react-router';
import { countOf, exactBytes } from '../../format/quantity.js';
import { useNow } from '../../live/now.js';
import { Moment } from '../../parts/moment.js';
import { Cell, Table } from '../../parts/table.js';
import { StateBadge } from '../../state/state-badge.js';
import { PLAN_LOOKS } from '../../state/state-words.js';
import { ageWords, amountWords, totalsWords } from './policy-words.js';
import classes from './policy-editor.module.css';

/** What policies would delete: totals in words, then the stores where most would go. */
export function PlanView({ plan }: { readonly plan: PolicyPlan }) {
  const now = useNow();
  if (plan.totals.length === 0) return <p className="soft" style={{ margin: 0, padding: '14px 16px' }}>Nothing: only policies of kind retention delete.</p>;
  return (
    <div data-testid="policy-plan">
      <div className={classes['totals']}>
        {plan.totals.map((totals) => (
          <div key={totals.policy} data-testid={`policy-plan-${totals.policy}`}>
            <b>{totalsWords(totals, now)}</b>
            <span className="soft">{plan.totals.length > 1 && `${totals.policy}: `}{countOf(totals.servers, 'server')}, {countOf(totals.stores, 'store')}{stateWords(totals.states)}.</span>
          </div>
        ))}
      </div>
      {plan.rows.length > 0 && (
        <Table label="Where most would go" columns={['Server', 'Store', ...(plan.totals.length > 1 ? ['Policy'] : []), 'State', { title: 'Now', end: true }, { title: 'Would go', end: true }, 'Oldest of it', 'Measured']}>
          {plan.rows.map((row) => <PlanLine key={`${row.server} ${row.profile} ${row.store} ${row.policy}`} row={row} withPolicy={plan.totals.length > 1} now={now} />)}
        </Table>
      )}
      {plan.rowsLeft > 0 && <p className="soft" style={{ margin: 0, padding: '8px 16px 12px' }}>And {countOf(plan.rowsLeft, 'more store')} with something to delete.</p>}
    </div>
  );
}

const stateWords = (states: PolicyPlan['totals'][number]['states']): string => {
  const told = Object.entries(states).filter(([, stores]) => stores > 0).map(([state, stores]) => `${stores} ${PLAN_LOOKS[state as PlanRow['state']].word.toLowerCase()}`);
  return told.length === 0 ? '' : `: ${told.join(', ')}`;
};

function PlanLine({ row, withPolicy, now }: { readonly row: PlanRow; readonly withPolicy: boolean; readonly now: number }) {
  const goes = row.wouldDelete.items > 0;
  return (
    <tr data-testid={`plan-row-${row.server}-${row.store}`}>
      <Cell column="Server" lead><Link to="/servers/$name" params={{ name: row.server }}>{row.server}</Link></Cell>
      <Cell column="Store">{row.store}</Cell>
      {withPolicy && <Cell column="Policy">{row.policy}</Cell>}
      <Cell column="State"><span><StateBadge look={PLAN_LOOKS[row.state]} />{row.reason !== '' && <><br /><span className="soft">{row.reason}</span></>}</span></Cell>
      <Cell column="Now" end><span style={{ whiteSpace: 'nowrap' }} title={exactBytes(row.before.bytes)}>{amountWords(row.before)}</span></Cell>
      <Cell column="Would go" end>{row.state === 'over-bounds' ? <span className="soft">nothing; {amountWords(row.wouldDelete)} would be too much</span> : goes ? <b style={{ whiteSpace: 'nowrap' }}>{amountWords(row.wouldDelete)}</b> : <span className="soft">nothing</span>}</Cell>
      <Cell column="Oldest of it">{goes ? ageWords(row.oldestAt, now) : <span className="soft">none</span>}</Cell>
      <Cell column="Measured"><Moment at={row.measuredAt} /></Cell>
    </tr>
  );
}
