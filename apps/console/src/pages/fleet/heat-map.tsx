import { DISPLAY_STATES, type DisplayState, type ServerRow } from '@mailwarden/contracts';
import { Link } from '@tanstack/react-router';
import { groupedCount } from '../../format/quantity.js';
import { Section } from '../../parts/page.js';
import { StateBadge } from '../../state/state-badge.js';
import { StateIcon } from '../../state/state-icon.js';
import { DISPLAY_LOOKS } from '../../state/state-words.js';
import { fleetRows } from './fleet-rows.js';
import classes from './fleet-page.module.css';

/** More squares than this are no longer read one by one; the strip above them counts all. */
const SQUARES_MAX = 600;
/** So few that each square has room for its server's name. */
const NAMED_UP_TO = 24;

/** Every server as a square, the worst first, under a strip that shows how much of the fleet is in which state. */
export function HeatMap({ servers }: { readonly servers: readonly ServerRow[] }) {
  const rows = fleetRows(servers, {});
  const shown = rows.slice(0, SQUARES_MAX);
  const named = rows.length <= NAMED_UP_TO;
  const size = rows.length <= 150 ? 22 : 14;
  const counts = DISPLAY_STATES.map((state): [DisplayState, number] => [state, rows.filter((row) => row.state === state).length]).filter(([, count]) => count > 0);
  return (
    <Section title="State now">
      <div className={classes['strip']} aria-hidden="true">{counts.map(([state, count]) => <i key={state} data-tone={DISPLAY_LOOKS[state].tone} style={{ flexGrow: count }} />)}</div>
      <div className={classes['legend']}>{counts.map(([state, count]) => <span key={state}><StateBadge look={DISPLAY_LOOKS[state]} quiet /> {groupedCount(count)}</span>)}</div>
      <div className={classes['map']} data-named={named || undefined}>
        {shown.map((row) => (
          <Link key={row.server} to="/servers/$name" params={{ name: row.server }} className={classes['square'] ?? ''} data-tone={DISPLAY_LOOKS[row.state].tone} data-named={named || undefined} style={named ? undefined : { width: size, height: size }} title={`${row.server}: ${DISPLAY_LOOKS[row.state].word.toLowerCase()}`} aria-label={`${row.server}: ${DISPLAY_LOOKS[row.state].word.toLowerCase()}`}>
            <StateIcon shape={DISPLAY_LOOKS[row.state].shape} size={size > 20 ? 14 : 9} />{named && <span>{row.server}</span>}
          </Link>
        ))}
      </div>
      {rows.length > shown.length && <p className="soft">The {groupedCount(SQUARES_MAX)} worst of {groupedCount(rows.length)}; the strip counts all.</p>}
    </Section>
  );
}
