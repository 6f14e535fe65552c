import type { ApprovalRequest } from '@mailwarden/contracts';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { NEEDS_OPERATING } from '../../api/operating.js';
import { meQuestion } from '../../api/questions.js';
import { countOf } from '../../format/quantity.js';
import { ByteCount } from '../../parts/byte-count.js';
import { Moment } from '../../parts/moment.js';
import { Cell, Table } from '../../parts/table.js';
import { StateBadge } from '../../state/state-badge.js';
import { REQUEST_LOOKS } from '../../state/state-words.js';
import type { Begun } from './waiting-decision.js';
import { approvalWords, hasApproved, requestWords } from './waiting-words.js';

/** Stores that policies in mode ask want to rotate, with what would go and who has approved. */
export function Approvals({ requests, begin }: { readonly requests: readonly ApprovalRequest[]; readonly begin: ((begun: Begun) => void) | null }) {
  const { data: me } = useQuery(meQuestion);
  return (
    <Table label="Waits for approval" columns={['Store', 'State', 'Policy', { title: 'Would delete', end: true }, 'Approved', 'Asked', 'Lapses', { title: '', width: '200px' }]}>
      {requests.map((request) => (
        <tr key={request.id} data-testid={`approval-${request.server}-${request.store}`}>
          <Cell column="Store" lead><span><b>{request.store}</b> on <Link to="/servers/$name" params={{ name: request.server }}>{request.server}</Link></span></Cell>
          <Cell column="State"><StateBadge look={REQUEST_LOOKS[request.state]} /></Cell>
          <Cell column="Policy"><Link to="/policies/$name" params={{ name: request.policy }}>{request.policy}</Link></Cell>
          <Cell column="Would delete" end><span>{countOf(request.foretold.items, 'entry', 'entries')}, <ByteCount bytes={request.foretold.bytes} /></span></Cell>
          <Cell column="Approved">{approvalWords(request)}</Cell>
          <Cell column="Asked"><Moment at={request.askedAt} /></Cell>
          <Cell column="Lapses"><Moment at={request.lapsesAt} /></Cell>
          <Cell column="Decide">{request.state === 'waiting' && <Decide request={request} begin={begin} mine={hasApproved(request, me?.name)} />}</Cell>
        </tr>
      ))}
    </Table>
  );
}

function Decide({ request, begin, mine }: { readonly request: ApprovalRequest; readonly begin: ((begun: Begun) => void) | null; readonly mine: boolean }) {
  const ask = (action: 'approve' | 'reject') => () => begin?.({ act: { about: 'request', id: request.id, action }, words: requestWords(action, request) });
  const why = begin === null ? NEEDS_OPERATING : undefined;
  return (
    <span style={{ display: 'flex', gap: 6 }}>
      <Button disabled={begin === null || mine} title={mine ? 'You have approved it; another person is needed' : why} onClick={ask('approve')}>Approve</Button>
      <Button variant="default" disabled={begin === null} title={why} onClick={ask('reject')}>Reject</Button>
    </span>
  );
}
