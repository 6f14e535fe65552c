import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { Skeleton } from '@mantine/core';
import { fleetQuestion } from '../../api/questions.js';
import { Answer } from '../../parts/answer.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Moment } from '../../parts/moment.js';
import { Page } from '../../parts/page.js';
import { WaitingRows } from '../../parts/waiting-rows.js';
import { FindingsByClass } from './findings-by-class.js';
import { FleetTable } from './fleet-table.js';
import { FleetTotals } from './fleet-totals.js';
import { HeatMap } from './heat-map.js';
import classes from './fleet-page.module.css';

const Waiting = () => (
  <>
    <div className={classes['totals']}>{Array.from({ length: 8 }, (_, index) => <div key={index} className={classes['total']}><Skeleton height={12} width="60%" mb={8} /><Skeleton height={22} width="40%" /></div>)}</div>
    <WaitingRows rows={8} height={40} />
  </>
);

/** The fleet now: figures, what is wrong by class, every server. */
export function FleetPage() {
  const fleet = useQuery(fleetQuestion);
  const filter = useSearch({ from: '/framed/' });
  return (
    <Page title="Fleet" below={fleet.data === undefined ? undefined : <span>As of <Moment at={fleet.data.asOf} /></span>}>
      <Answer to={fleet} waiting={<Waiting />}>
        {(view) => view.servers.length === 0 ? (
          <EmptyState title="No server has been enrolled yet" shape="question" tone="unknown">A server shows here as soon as it is enrolled. Start a fleet to try with "mailwarden up --demo", or watch this host with "mailwarden up".</EmptyState>
        ) : (
          <>
            <FleetTotals totals={view.totals} />
            <div className={classes['pictures']}>
              <HeatMap servers={view.servers} />
              <FindingsByClass classes={view.findingsByCode} />
            </div>
            <FleetTable servers={view.servers} filter={filter} />
          </>
        )}
      </Answer>
    </Page>
  );
}
