import type { FindingView, RotationView, ServerRow, Statement } from '@mailwarden/contracts';
import { useLocation } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useNow } from '../../live/now.js';
import { Moment } from '../../parts/moment.js';
import { Section } from '../../parts/page.js';
import { StateBadge } from '../../state/state-badge.js';
import { StateIcon } from '../../state/state-icon.js';
import { DISPLAY_LOOKS } from '../../state/state-words.js';
import { DISPLAY_STATES } from '@mailwarden/contracts';
import { Agreements } from './agreements.js';
import { whyOld } from './freshness.js';
import { Licence } from './licence.js';
import { StatementLine } from './statement-line.js';
import { Transmission } from './transmission.js';
import { Undeclared } from './undeclared.js';
import classes from './statement.module.css';

interface StatementViewProps {
  readonly statement: Statement;
  readonly agent: ServerRow['agent'];
  readonly rotations: readonly RotationView[];
  readonly findings: readonly FindingView[];
}

/** The data-provision statement: the vendor's table, and what is true on this server now. */
export function StatementView({ statement, agent, rotations, findings }: StatementViewProps) {
  const old = whyOld(statement, agent, useNow());
  const { hash } = useLocation();
  // The browser looks for the place of an address before the statement has come; so it is looked for again.
  useEffect(() => document.getElementById(hash)?.scrollIntoView(), [hash]);
  const counts = DISPLAY_STATES.map((state) => [state, statement.rows.filter((row) => row.state === state).length] as const).filter(([, count]) => count > 0);
  return (
    <div className={classes['statement']} data-old={old !== null || undefined}>
      {old !== null && <p className={classes['old']} data-tone="warn" role="status" data-testid="statement-old"><StateIcon shape="clock" /><span><b>Old:</b> measured <Moment at={statement.observedAt} />; {old}.</span></p>}
      <Section
        flush
        title={<>Data-provision statement <span className="soft" style={{ fontWeight: 400 }}>{statement.profile}</span></>}
        aside={<span className={classes['summary']}>{counts.map(([state, count]) => <span key={state}><StateBadge look={DISPLAY_LOOKS[state]} quiet /> {count}</span>)}<span className="soft">Measured <Moment at={statement.observedAt} /></span></span>}
      >
        <table className={classes['table']} aria-label={`Data-provision statement of ${statement.server}`} data-testid="statement">
          <thead>
            <tr><th scope="col">Section</th><th scope="col">Directory</th><th scope="col">Data type</th><th scope="col">Storage duration</th><th scope="col">Protection</th><th scope="col" className={classes['now']}>What is true now</th></tr>
          </thead>
          <tbody>{statement.rows.map((row) => <StatementLine key={row.store} row={row} rotations={rotations} findings={findings.filter((finding) => finding.store === row.store && finding.state === 'open')} old={old !== null} aimedAt={hash === `store-${row.store}`} />)}</tbody>
        </table>
      </Section>
      <Agreements statement={statement} />
      <Transmission statement={statement} />
      <Licence licence={statement.licence} />
      <Undeclared undeclared={statement.undeclared} />
    </div>
  );
}
