import { FINDING_CODES, type FindingCode } from '@mailwarden/contracts';
import type { Severity } from '@mailwarden/kernel';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { findingsQuestion, fleetQuestion } from '../../api/questions.js';
import { Answer } from '../../parts/answer.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Choice, FilterBar } from '../../parts/filter-bar.js';
import { More } from '../../parts/more.js';
import { Page, Section } from '../../parts/page.js';
import type { FindingFilter } from '../../router/url-filter.js';
import { FINDING_WORDS } from '../../state/finding-words.js';
import { SEVERITIES_FALLING, SEVERITY_LOOKS } from '../../state/state-words.js';
import { worstFirst } from './finding-order.js';
import { FindingsTable } from './findings-table.js';

const STATES = [['resolved', 'Resolved'], ['accepted', 'Accepted'], ['all', 'Open and past']] as const;

/** Every finding of the fleet; what is open, unless something else is asked for. */
export function FindingsPage() {
  const filter = useSearch({ from: '/framed/findings' });
  const navigate = useNavigate();
  const state = filter.state ?? 'open';
  const pages = useInfiniteQuery(findingsQuestion({ ...filter, state: state === 'all' ? undefined : state }));
  const { data: servers = [] } = useQuery({ ...fleetQuestion, select: (fleet) => fleet.servers.map((row) => row.server) });
  const change = (part: { [K in keyof FindingFilter]?: FindingFilter[K] | undefined }): void => void navigate({ to: '/findings', search: { ...filter, ...part } as FindingFilter, replace: true });
  const filtered = Object.keys(filter).length > 0;
  return (
    <Page title="Findings" below="What was expected and is not so. A finding closes by itself when the next scan shows that it is mended.">
      <FilterBar clear={filtered ? () => void navigate({ to: '/findings', search: {}, replace: true }) : undefined}>
        <Choice first label="State" any="Open" value={filter.state === 'open' ? undefined : filter.state} options={STATES} choose={(value) => change({ state: value as FindingFilter['state'] })} />
        <Choice label="Severity" any="Any severity" value={filter.severity} options={SEVERITIES_FALLING.map((severity) => [severity, SEVERITY_LOOKS[severity].word] as const)} choose={(value) => change({ severity: value as Severity | undefined })} />
        <Choice label="Server" any="Any server" value={filter.server} options={servers.map((name) => [name, name] as const)} choose={(server) => change({ server })} />
        <Choice label="Class" any="Any class" value={filter.code} options={FINDING_CODES.map((code) => [code, FINDING_WORDS[code].title] as const)} choose={(value) => change({ code: value as FindingCode | undefined })} />
        {filter.store !== undefined && <span className="soft">Store {filter.store}</span>}
      </FilterBar>
      <Section flush>
        <Answer to={pages}>
          {({ pages: parts }) => {
            const items = parts.flatMap((part) => part.items);
            if (items.length === 0) return state === 'open' && Object.keys(filter).filter((key) => key !== 'state').length === 0
              ? <EmptyState title="No open findings" shape="tick" tone="good">Every expectation that could be measured holds. What could not be measured shows as unknown on each server's page.</EmptyState>
              : <EmptyState title="No finding fits this filter">Clear the filter to see all that is open.</EmptyState>;
            // Part of a list cannot be put in order: its worst may be on the next page.
            return <><FindingsTable findings={state === 'open' && !pages.hasNextPage ? worstFirst(items) : items} /><More pages={pages} what="findings" /></>;
          }}
        </Answer>
      </Section>
    </Page>
  );
}
