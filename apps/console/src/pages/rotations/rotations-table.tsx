import type { RotationView } from '@mailwarden/contracts';
import { Link } from '@tanstack/react-router';
import { groupedCount } from '../../format/quantity.js';
import { ByteCount } from '../../parts/byte-count.js';
import { Moment } from '../../parts/moment.js';
import { Cell, Table } from '../../parts/table.js';
import { StateBadge } from '../../state/state-badge.js';
import { ROTATION_LOOKS } from '../../state/state-words.js';

/** Orders line by line, with what became of them. */
export function RotationsTable({ rotations, ofServer = false }: { readonly rotations: readonly RotationView[]; readonly ofServer?: boolean }) {
  return (
    <Table label="Rotations" testId="rotations-table" columns={['Order', 'State', ...(ofServer ? [] : ['Server']), 'Store', 'Policy', { title: 'Deleted', end: true }, { title: 'Freed', end: true }, 'Receipt', 'Ordered']}>
      {rotations.map(({ order, state, receipt, receiptVerified, orderedAt }) => (
        <tr key={order.id} data-testid={`rotation-${order.id}`}>
          <Cell column="Order" lead><Link to="/rotations/$id" params={{ id: order.id }} style={{ fontWeight: 600 }}><code title={order.id}>{order.id.slice(0, 8)}</code></Link></Cell>
          <Cell column="State"><StateBadge look={ROTATION_LOOKS[state]} /></Cell>
          {!ofServer && <Cell column="Server"><Link to="/servers/$name" params={{ name: order.server }}>{order.server}</Link></Cell>}
          <Cell column="Store">{order.store}</Cell>
          <Cell column="Policy">{order.policy.name}</Cell>
          <Cell column="Deleted" end>{receipt === null ? <Awaited state={state} /> : groupedCount(receipt.payload.deleted.items)}</Cell>
          <Cell column="Freed" end>{receipt === null ? <Awaited state={state} /> : <ByteCount bytes={receipt.payload.deleted.bytes} />}</Cell>
          <Cell column="Receipt">{receiptVerified === null ? <Awaited state={state} /> : receiptVerified ? 'verified' : <b className="toned" data-tone="bad">not verified</b>}</Cell>
          <Cell column="Ordered"><Moment at={orderedAt} /></Cell>
        </tr>
      ))}
    </Table>
  );
}

/** Before a receipt nothing is known; after an order's end without one, nothing will be. */
const Awaited = ({ state }: { readonly state: RotationView['state'] }) => <span className="soft">{state === 'expired' ? 'none came' : 'awaited'}</span>;
