import type { ExactPlans } from '@mailwarden/contracts';
import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { call } from '../../api/call.js';
import { asFailure } from '../../api/failure.js';
import { NEEDS_OPERATING, useMayOperate } from '../../api/operating.js';
import { exactPlansQuestion } from '../../api/questions.js';
import { sentenceCase } from '../../format/identifier.js';
import { countOf } from '../../format/quantity.js';
import { useNow } from '../../live/now.js';
import { Cell, Table } from '../../parts/table.js';
import { StateBadge } from '../../state/state-badge.js';
import { DISPLAY_LOOKS, ROTATION_LOOKS } from '../../state/state-words.js';
import { ageWords, amountWords, answeredWords } from './policy-words.js';
import classes from './policy-editor.module.css';

/** Hosts that are asked at most, those where most would go: each of them walks its store for it. */
const SERVERS_MAX = 20;

type Order = ExactPlans['orders'][number];

interface ExactPlanProps {
  /** The policies as they are written; null for those that stand. */
  readonly documents: readonly string[] | null;
  readonly policy: string | null;
  /** False while the text is not checked yet. */
  readonly ready: boolean;
}

/** Asks the hosts what exactly would go. They plan as if they were to delete, and delete nothing; no name leaves them. */
export function ExactPlan({ documents, policy, ready }: ExactPlanProps) {
  const mayOperate = useMayOperate();
  const asking = useMutation({ mutationFn: () => call('askExact', { body: { documents, policy, server: null, servers: SERVERS_MAX } }) });
  const { data: answers = asking.data } = useQuery({ ...exactPlansQuestion((asking.data?.orders ?? []).map(({ order }) => order)), enabled: (asking.data?.orders.length ?? 0) > 0 });
  return (
    <div data-testid="exact-plan">
      <div className={classes['exact']}>
        <span className="soft" role="status">{answers === undefined ? 'Foretold from what was last measured. The hosts can tell exactly; they delete nothing for it.' : answeredWords(answers)}</span>
        <Button variant="default" disabled={!ready || !mayOperate} loading={asking.isPending} title={mayOperate ? undefined : NEEDS_OPERATING} onClick={() => asking.mutate()} data-testid="ask-exact">{answers === undefined ? 'Ask the hosts' : 'Ask again'}</Button>
      </div>
      {asking.error !== null && <p role="alert" className="toned" data-tone="bad" style={{ margin: 0, padding: '0 16px 12px' }}>{asFailure(asking.error).detail}</p>}
      {answers !== undefined && answers.orders.length > 0 && <Answers orders={answers.orders} />}
    </div>
  );
}

function Answers({ orders }: { readonly orders: readonly Order[] }) {
  const now = useNow();
  const severalPolicies = new Set(orders.map(({ policy }) => policy)).size > 1;
  return (
    <Table label="What the hosts answered" columns={['Server', 'Store', ...(severalPolicies ? ['Policy'] : []), 'State', { title: 'Now', end: true }, { title: 'Would go', end: true }, 'Oldest of it', 'Stays']}>
      {orders.map((one) => (
        <tr key={one.order} data-testid={`exact-row-${one.server}-${one.store}`} data-answered={one.receipt !== null}>
          <Cell column="Server" lead><Link to="/servers/$name" params={{ name: one.server }}>{one.server}</Link></Cell>
          <Cell column="Store">{one.store}</Cell>
          {severalPolicies && <Cell column="Policy">{one.policy}</Cell>}
          {one.receipt === null ? <Unanswered order={one} /> : <Answered id={one.order} receipt={one.receipt} now={now} />}
        </tr>
      ))}
    </Table>
  );
}

const Unanswered = ({ order: { expired } }: { readonly order: Order }) => (
  <>
    <Cell column="State"><StateBadge look={expired ? ROTATION_LOOKS.expired : DISPLAY_LOOKS.waiting} /></Cell>
    <td colSpan={4} className="soft">{expired ? 'It did not answer before its order expired.' : 'It has not answered yet.'}</td>
  </>
);

function Answered({ id, receipt, now }: { readonly id: string; readonly receipt: NonNullable<Order['receipt']>; readonly now: number }) {
  const { outcome, reason, before, planned, skipped } = receipt;
  return (
    <>
      <Cell column="State"><span><Link to="/rotations/$id" params={{ id }}><StateBadge look={ROTATION_LOOKS[outcome]} /></Link>{reason !== '' && <><br /><span className="soft break">{reason}</span></>}</span></Cell>
      <Cell column="Now" end><span style={{ whiteSpace: 'nowrap' }}>{amountWords(before)}</span></Cell>
      <Cell column="Would go" end>{planned.items === 0 ? <span className="soft">nothing</span> : <b style={{ whiteSpace: 'nowrap' }}>{amountWords(planned)}</b>}</Cell>
      <Cell column="Oldest of it">{planned.items === 0 ? <span className="soft">none</span> : <span title={planned.oldestAt ?? undefined}>{ageWords(planned.oldestAt, now)}</span>}</Cell>
      <Cell column="Stays">{skipped.length === 0 ? <span className="soft">nothing</span> : skipped.map((skip) => `${countOf(skip.items, 'entry', 'entries')} ${sentenceCase(skip.reason).toLowerCase()}`).join(', ')}</Cell>
    </>
  );
}
