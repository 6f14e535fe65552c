import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { fleetQuestion } from '../api/questions.js';
import { countOf } from '../format/quantity.js';
import { StateIcon } from '../state/state-icon.js';
import classes from './app-frame.module.css';

/** The fleet in one look, on every page. */
export function FleetState() {
  const { data: fleet } = useQuery(fleetQuestion);
  if (fleet === undefined) return <div className={classes['fleet']} />;
  const { totals, servers } = fleet;
  const unknown = servers.filter((row) => row.state === 'unknown').length;
  return (
    <div className={classes['fleet']} aria-label="State of the fleet">
      {totals.withFindings > 0 && <Link to="/" search={{ state: 'finding' }} className={classes['figure'] ?? ''} data-tone="bad" title={`${countOf(totals.openFindings, 'open finding')} on ${countOf(totals.withFindings, 'server')}`}><StateIcon shape="alarm" />{totals.withFindings}<span className={classes['wide']}>with findings</span></Link>}
      <Link to="/" search={{ state: 'in-order' }} className={classes['figure'] ?? ''} data-tone={totals.inOrder > 0 ? 'good' : 'neutral'} title={`${countOf(totals.inOrder, 'server')} in order`}><StateIcon shape="tick" />{totals.inOrder}<span className={classes['wide']}>in order</span></Link>
      {unknown > 0 && <Link to="/" search={{ state: 'unknown' }} className={classes['figure'] ?? ''} data-tone="unknown" title={`${countOf(unknown, 'server')} of which nothing is known`}><StateIcon shape="question" />{unknown}<span className={classes['wide']}>unknown</span></Link>}
    </div>
  );
}
