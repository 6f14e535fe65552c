import type { MeView } from '@mailwarden/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { fleetQuestion, waitingQuestion } from '../api/questions.js';
import { sentenceCase } from '../format/identifier.js';
import { groupedCount } from '../format/quantity.js';
import { Icon } from '../parts/icon.js';
import { PLACES } from './places.js';
import classes from './app-frame.module.css';

export function Navigation({ me }: { readonly me: MeView | undefined }) {
  const { data: totals } = useQuery({ ...fleetQuestion, select: (fleet) => fleet.totals });
  const { data: waiting } = useQuery({ ...waitingQuestion, select: ({ requests }) => requests.filter(({ state }) => state === 'waiting').length });
  const counts: Readonly<Record<string, number | undefined>> = { '/': totals?.servers, '/findings': totals?.openFindings, '/rotations': waiting === 0 ? undefined : waiting };
  return (
    <>
      <Link to="/" className={classes['brand'] ?? ''}><img src="/mailwarden.svg" alt="" width={22} height={22} />Mailwarden</Link>
      <nav className={classes['places']} aria-label="Pages">
        {PLACES.map(({ to, word, icon, key }) => (
          <Link key={to} to={to} className={classes['place'] ?? ''} activeOptions={{ exact: to === '/', includeSearch: false }} title={`g ${key}`}>
            <Icon name={icon} />
            {word}
            {counts[to] !== undefined && <span className={classes['count']}>{groupedCount(counts[to])}</span>}
          </Link>
        ))}
      </nav>
      <div className={classes['who']}>{me !== undefined && <><b>{me.name}</b>{sentenceCase(me.role)}</>}</div>
    </>
  );
}
