import { EVENT_NAMES, type EventName, type EventView } from '@mailwarden/contracts';
import type { Severity } from '@mailwarden/kernel';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { eventsQuestion, fleetQuestion } from '../../api/questions.js';
import { clockTime } from '../../format/moment.js';
import { useNow } from '../../live/now.js';
import { Answer } from '../../parts/answer.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Choice, FilterBar } from '../../parts/filter-bar.js';
import { Icon } from '../../parts/icon.js';
import { Identifier } from '../../parts/identifier.js';
import { More } from '../../parts/more.js';
import { Page, Section } from '../../parts/page.js';
import { JsonText } from '../../parts/raw-json.js';
import type { EventFilter } from '../../router/url-filter.js';
import { SeverityBadge } from '../../state/state-badge.js';
import { SEVERITIES_FALLING, SEVERITY_LOOKS } from '../../state/state-words.js';
import { eventLine } from './event-line.js';
import classes from './events-page.module.css';

/** What happens, as it happens: the same events that a SIEM gets. */
export function EventsPage() {
  const filter = useSearch({ from: '/framed/events' });
  const navigate = useNavigate();
  const pages = useInfiniteQuery(eventsQuestion({ ...filter }));
  const { data: servers = [] } = useQuery({ ...fleetQuestion, select: (fleet) => fleet.servers.map((row) => row.server) });
  const change = (part: { [K in keyof EventFilter]?: EventFilter[K] | undefined }): void => void navigate({ to: '/events', search: { ...filter, ...part } as EventFilter, replace: true });
  const filtered = Object.keys(filter).length > 0;
  return (
    <Page title="Events" below="The newest first, as they happen; the same that a SIEM gets. They hold no personal data.">
      <FilterBar clear={filtered ? () => void navigate({ to: '/events', search: {}, replace: true }) : undefined}>
        <Choice first label="Event" any="Any event" value={filter.event} options={EVENT_NAMES.map((name) => [name, name] as const)} choose={(event) => change({ event: event as EventName | undefined })} />
        <Choice label="Server" any="Any server" value={filter.server} options={[['fleet', 'The fleet itself'] as const, ...servers.map((name) => [name, name] as const)]} choose={(server) => change({ server })} />
        <Choice label="Severity" any="Any severity" value={filter.severity} options={SEVERITIES_FALLING.map((severity) => [severity, SEVERITY_LOOKS[severity].word] as const)} choose={(severity) => change({ severity: severity as Severity | undefined })} />
      </FilterBar>
      <Section flush>
        <Answer to={pages}>
          {({ pages: parts }) => {
            const items = parts.flatMap((part) => part.items);
            if (items.length === 0) return <EmptyState title={filtered ? 'No event fits this filter' : 'Nothing has happened yet'}>{filtered ? 'Clear the filter to see all of them.' : 'The first events come with the first scan.'}</EmptyState>;
            return <><ol className={classes['tail']} data-testid="events-list">{items.map((event) => <EventRow key={event.sequence} event={event} />)}</ol><More pages={pages} what="events" /></>;
          }}
        </Answer>
      </Section>
    </Page>
  );
}

function EventRow({ event }: { readonly event: EventView }) {
  const [open, setOpen] = useState(false);
  const now = useNow();
  return (
    <li data-testid={`event-${event.sequence}`}>
      <div className={classes['line']}>
        <button type="button" className={classes['turn']} aria-expanded={open} aria-label={`${open ? 'Hide' : 'Show'} raw JSON of event ${event.sequence}`} onClick={() => setOpen(!open)} data-open={open || undefined}><Icon name="chevron" size={14} /></button>
        <time dateTime={event.at} title={event.at} className="soft">{clockTime(event.at, now)}</time>
        <span className={classes['severity']}><SeverityBadge severity={event.severity} /></span>
        <code className={classes['name']}>{event.event}</code>
        <span className={classes['server']}>{event.server === 'fleet' ? <span className="soft">fleet</span> : <Link to="/servers/$name" params={{ name: event.server }}>{event.server}</Link>}</span>
        <span className={classes['what']}>{eventLine(event)}</span>
      </div>
      {open && <div className={classes['raw']}><div>Event <Identifier id={event.id} what="event" whole /></div><JsonText value={event} /></div>}
    </li>
  );
}
