import type { ConsentView } from '@mailwarden/contracts';
import { Link } from '@tanstack/react-router';
import { tookTime } from '../../format/moment.js';
import { EmptyState } from '../../parts/empty-state.js';
import { MeasuredValue } from '../../parts/measured-value.js';
import { Moment } from '../../parts/moment.js';
import { Section } from '../../parts/page.js';
import { StateBadge } from '../../state/state-badge.js';
import { CONVERGENCE_LOOKS } from '../../state/state-words.js';
import classes from './consent.module.css';

type Row = ConsentView['convergence'][number];

/** `Converged after 840 ms`, or the plain word. */
const wordOf = (row: Row): string => (row.state === 'converged' && row.milliseconds !== null ? `Converged after ${tookTime(row.milliseconds)}` : CONVERGENCE_LOOKS[row.state].word);

/** How far the standing decisions have reached each server, as it happens. */
export function Convergence({ rows, unpublished }: { readonly rows: readonly Row[]; readonly unpublished: ConsentView['unpublished'] }) {
  const reached = rows.filter((row) => row.state === 'converged').length;
  return (
    <Section title="Convergence" aside={<span className="soft" data-testid="consent-reached">{reached} of {rows.length} converged</span>} testId="consent-convergence">
      {unpublished.length > 0 && <p role="status" data-testid="consent-unpublished" style={{ margin: '0 0 10px' }}><b>Recorded, not published yet:</b> {unpublished.join(', ')}. It goes out by itself as soon as the message bus takes it.</p>}
      {rows.length === 0 ? <EmptyState title="No server has attested yet" shape="question" tone="unknown">Each agent signs what it has applied. Its word shows here as soon as it comes.</EmptyState> : (
        <>
          <div className={classes['progress']} role="img" aria-label={`${reached} of ${rows.length} converged`}>{rows.map((row) => <i key={row.server} data-tone={CONVERGENCE_LOOKS[row.state].tone} data-moving={row.state === 'converging' || undefined} />)}</div>
          <ul className={classes['servers']}>
            {rows.map((row) => (
              <li key={row.server} data-testid={`consent-convergence-${row.server}`} data-state={row.state}>
                <div className={classes['serverHead']}><Link to="/servers/$name" params={{ name: row.server }} search={{ tab: 'transmission' }}>{row.server}</Link><StateBadge look={{ ...CONVERGENCE_LOOKS[row.state], word: wordOf(row) }} /></div>
                <div className="soft break">{row.because}</div>
                {row.ksn !== null && <div className="soft">KSN covered: <b>{row.ksn.desired}</b>, on the server: <b><MeasuredValue of={row.ksn.actual}>{(state) => state}</MeasuredValue></b></div>}
                <div className="soft">Attested <Moment at={row.attestedAt} /></div>
              </li>
            ))}
          </ul>
        </>
      )}
    </Section>
  );
}
