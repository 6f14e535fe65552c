import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { fleetQuestion, rotationsQuestion, waitingQuestion } from '../../api/questions.js';
import { Answer } from '../../parts/answer.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Choice, FilterBar } from '../../parts/filter-bar.js';
import { More } from '../../parts/more.js';
import { Page, Section } from '../../parts/page.js';
import type { RotationFilter } from '../../router/url-filter.js';
import { RotationsTable } from './rotations-table.js';
import { WaitingSection } from './waiting-section.js';

/** Every order and what became of it, newest first. */
export function RotationsPage() {
  const filter = useSearch({ from: '/framed/rotations' });
  const navigate = useNavigate();
  const pages = useInfiniteQuery(rotationsQuestion({ ...filter }));
  const { data: servers = [] } = useQuery({ ...fleetQuestion, select: (fleet) => fleet.servers.map((row) => row.server) });
  const change = (search: { server?: string | undefined }): void => void navigate({ to: '/rotations', search: search as RotationFilter, replace: true });
  const filtered = Object.keys(filter).length > 0;
  // What waits stands above the orders: they come together, so that nothing is pushed down while it is read.
  const early = useQuery({ ...waitingQuestion, select: () => true }).isPending && !filtered;
  return (
    <Page title="Rotations" below="Signed orders to bring a store back under its limit, the executor's receipt, and the proof.">
      {!filtered && <WaitingSection />}
      <FilterBar clear={filtered ? () => change({}) : undefined}>
        <Choice first label="Server" any="Any server" value={filter.server} options={servers.map((name) => [name, name] as const)} choose={(server) => change({ ...filter, server })} />
        {filter.store !== undefined && <span className="soft">Store {filter.store}</span>}
      </FilterBar>
      <Section flush>
        <Answer to={early ? { ...pages, data: undefined, error: null } : pages}>
          {({ pages: parts }) => {
            const items = parts.flatMap((part) => part.items);
            if (items.length > 0) return <><RotationsTable rotations={items} /><More pages={pages} what="orders" /></>;
            return filtered ? <EmptyState title="No order fits this filter">Clear the filter to see all of them.</EmptyState> : <EmptyState title="Nothing was ever rotated">An order is given when a store passes the limit of a policy in enforce mode. <Link to="/policies">See the policies</Link>.</EmptyState>;
          }}
        </Answer>
      </Section>
    </Page>
  );
}
