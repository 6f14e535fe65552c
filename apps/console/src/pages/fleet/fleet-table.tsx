import type { ServerRow } from '@mailwarden/contracts';
import { Button } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { groupedCount } from '../../format/quantity.js';
import { ByteCount } from '../../parts/byte-count.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Choice, FilterBar, FindField } from '../../parts/filter-bar.js';
import { Moment } from '../../parts/moment.js';
import { Section } from '../../parts/page.js';
import { Cell, Table } from '../../parts/table.js';
import type { FleetFilter } from '../../router/url-filter.js';
import { SeverityBadge, StateBadge } from '../../state/state-badge.js';
import { AGENT_LOOKS, CONVERGENCE_LOOKS, DISPLAY_LOOKS, SEVERITIES_FALLING } from '../../state/state-words.js';
import { fleetRows } from './fleet-rows.js';
import { Labels } from './labels.js';
import classes from './fleet-page.module.css';

/** Rows painted at once; the rest comes on demand, so that ten thousand servers do not freeze the page. */
const ROWS_STEP = 200;
const ORDER_WORDS = [['name', 'Name'], ['bytes', 'Most stored'], ['findings', 'Most findings'], ['measured', 'Measured longest ago']] as const;
const STATE_WORDS = [['finding', 'With findings'], ['unknown', 'Unknown'], ['in-order', 'In order']] as const;

export function FleetTable({ servers, filter }: { readonly servers: readonly ServerRow[]; readonly filter: FleetFilter }) {
  const navigate = useNavigate();
  const [most, setMost] = useState(ROWS_STEP);
  const rows = fleetRows(servers, filter);
  const change = (part: { [K in keyof FleetFilter]?: FleetFilter[K] | undefined }): void => void navigate({ to: '/', search: { ...filter, ...part } as FleetFilter, replace: true });
  const filtered = filter.find !== undefined || filter.state !== undefined;
  return (
    <Section title={`Servers${filtered ? `: ${groupedCount(rows.length)} of ${groupedCount(servers.length)}` : ''}`} flush>
      <div className={classes['bar']}>
        <FilterBar clear={filtered ? () => change({ find: undefined, state: undefined }) : undefined}>
          <FindField label="Find by name, product or label" value={filter.find} find={(find) => change({ find })} />
          <Choice label="State" any="Any state" value={filter.state} options={STATE_WORDS} choose={(state) => change({ state: state as FleetFilter['state'] })} />
          <Choice label="Order" any="Worst first" value={filter.order} options={ORDER_WORDS} choose={(order) => change({ order: order as FleetFilter['order'] })} />
        </FilterBar>
      </div>
      <div className={classes['servers']}>
        <Table label="Servers" testId="fleet-table" columns={['Server', 'State', 'Labels', 'Agent', 'Open findings', { title: 'Over limit', end: true }, { title: 'Stored', end: true }, 'Consent']}>
          {rows.slice(0, most).map((row) => <ServerLine key={row.server} row={row} />)}
        </Table>
      </div>
      {rows.length === 0 && <EmptyState title="No server fits this filter">Clear the filter, or use fewer words.</EmptyState>}
      {rows.length > most && <div style={{ padding: 12, textAlign: 'center' }}><Button variant="default" onClick={() => setMost(most + ROWS_STEP)}>Show {groupedCount(Math.min(ROWS_STEP, rows.length - most))} more of {groupedCount(rows.length - most)}</Button></div>}
    </Section>
  );
}

function ServerLine({ row }: { readonly row: ServerRow }) {
  const found = SEVERITIES_FALLING.filter((severity) => (row.openFindings[severity] ?? 0) > 0);
  return (
    <tr data-testid={`fleet-row-${row.server}`}>
      <Cell column="Server" lead><span><Link to="/servers/$name" params={{ name: row.server }} className={classes['name'] ?? ''}>{row.server}</Link><span className={classes['product']} title={row.product}>{row.product}</span></span></Cell>
      <Cell column="State"><StateBadge look={DISPLAY_LOOKS[row.state]} /></Cell>
      <Cell column="Labels"><Labels labels={row.labels} /></Cell>
      <Cell column="Agent">
        <span style={{ whiteSpace: 'nowrap' }}>
          <StateBadge look={AGENT_LOOKS[row.agent]} quiet />{row.lastSeenAt !== null && <span className="soft"> <Moment at={row.lastSeenAt} short /></span>}
          <br />{row.mode === null ? <span className="soft">mode unknown</span> : row.mode === 'enforce' ? <b style={{ fontWeight: 600 }}>Enforce</b> : 'Observe'}<span className="soft">, measured <Moment at={row.lastObservedAt} none="not yet" short /></span>
        </span>
      </Cell>
      <Cell column="Open findings"><span className={classes['findings']}>{found.length === 0 ? <span className="soft">{row.lastObservedAt === null ? 'unknown' : 'none'}</span> : found.map((severity) => <SeverityBadge key={severity} severity={severity} count={row.openFindings[severity] ?? 0} />)}</span></Cell>
      <Cell column="Over limit" end>{row.storesOverLimit === 0 ? <span className="soft">0</span> : <b className="toned" data-tone="bad">{row.storesOverLimit}</b>}</Cell>
      <Cell column="Stored" end>{row.lastObservedAt === null ? <span className="soft">unknown</span> : <ByteCount bytes={row.bytesStored} />}</Cell>
      <Cell column="Consent"><StateBadge look={CONVERGENCE_LOOKS[row.consent]} quiet /></Cell>
    </tr>
  );
}
