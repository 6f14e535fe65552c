import type { FindingView, RotationView, StatementRow } from '@mailwarden/contracts';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { countOf } from '../../format/quantity.js';
import { useNow } from '../../live/now.js';
import { ByteCount } from '../../parts/byte-count.js';
import { Icon } from '../../parts/icon.js';
import { MeasuredValue, Unknown } from '../../parts/measured-value.js';
import { Moment } from '../../parts/moment.js';
import { FINDING_WORDS } from '../../state/finding-words.js';
import { StateBadge } from '../../state/state-badge.js';
import { StateIcon } from '../../state/state-icon.js';
import { DISPLAY_LOOKS } from '../../state/state-words.js';
import { AgeChart } from './age-chart.js';
import { courseWords } from './course-words.js';
import { LimitBar } from './limit-bar.js';
import { limitBars } from './limit-bar-scale.js';
import { measuredWords } from './measured-words.js';
import { rotationWords } from './rotation-words.js';
import classes from './statement.module.css';

interface TrueNowProps {
  readonly row: StatementRow;
  readonly rotations: readonly RotationView[];
  readonly findings: readonly FindingView[];
  readonly old: boolean;
}

/** Breaches shown at once; the rest opens on demand. */
const BREACHES_SHOWN = 3;

/** The sixth column: state first, number second, action third. */
export function TrueNow({ row, rotations, findings, old }: TrueNowProps) {
  const now = useNow();
  const order = rotations.find((rotation) => rotation.order.store === row.store && rotation.state === 'ordered');
  const bars = limitBars(row, now);
  // What a line about access says in full below is not said twice.
  const saidByBreach = row.access.breaches.slice(0, BREACHES_SHOWN).some(({ because }) => row.because.endsWith(because));
  return (
    <div className={classes['true']}>
      <div className={classes['line']}>
        <StateBadge look={DISPLAY_LOOKS[row.state]} />
        {order !== undefined && <StateBadge look={DISPLAY_LOOKS.waiting} title="An order for this store is on its way" />}
        {old && <span className={classes['stale']} title="Measured too long ago to be sure">old value</span>}
        {!saidByBreach && <span className={classes['because']}>{row.because}</span>}
      </div>
      <Amounts row={row} />
      {bars.map((bar) => <LimitBar key={bar.limit.kind} bar={bar} />)}
      {row.measured.ages !== undefined && <AgeChart ages={row.measured.ages} />}
      <Measures row={row} now={now} />
      <Breaches row={row} />
      {row.unknown.map(({ what, why }) => <Unknown key={`${what} ${why}`} reason={`${what}, because ${why}`} />)}
      {findings.length > 0 && <div className={classes['line']}>{findings.map((finding) => <Link key={finding.id} to="/findings/$id" params={{ id: finding.id }}>{FINDING_WORDS[finding.code].title}</Link>)}</div>}
      {(order !== undefined || row.next !== null) && (
        <div className={classes['next']}>
          <Icon name="arrow" size={14} />
          <span>{order !== undefined && <>Order <Link to="/rotations/$id" params={{ id: order.order.id }}>{order.order.id.slice(0, 8)}</Link> was given <Moment at={order.orderedAt} /> and is not accounted for yet. </>}{row.next !== null && <>Next: {row.next}</>}</span>
        </div>
      )}
      {row.notes.length > 0 && <Notes notes={row.notes} />}
    </div>
  );
}

/** How much there is, in one line. */
function Amounts({ row: { measured, kind, because } }: { readonly row: StatementRow }) {
  if (!measured.present) return kind === 'memory' ? null : <div className="soft">Nothing of it exists on this server.</div>;
  const { bytesAllocated, items, records } = measured;
  // What the row already says once is not said again.
  if (!bytesAllocated.known && !items.known && because === items.reason) return null;
  if (!bytesAllocated.known && !items.known) return bytesAllocated.reason === items.reason ? <Unknown reason={items.reason} /> : <><Unknown reason={items.reason} /><Unknown reason={bytesAllocated.reason} /></>;
  return (
    <div className={classes['line']}>
      <b style={{ fontSize: 15 }}><MeasuredValue of={bytesAllocated}>{(bytes) => <ByteCount bytes={bytes} />}</MeasuredValue></b>
      <span><MeasuredValue of={items}>{(count) => countOf(count, 'entry', 'entries')}</MeasuredValue></span>
      {records !== undefined && <span><MeasuredValue of={records}>{(count) => countOf(count, 'record')}</MeasuredValue></span>}
      {measured.oldestAt.known ? measured.oldestAt.value !== null && <span>oldest <Moment at={measured.oldestAt.value} /></span> : items.known && items.value > 0 && <Unknown reason={`age, because ${measured.oldestAt.reason}`} />}
    </div>
  );
}

function Measures({ row: { measured, kind }, now }: { readonly row: StatementRow; readonly now: number }) {
  const lines: (readonly [string, ReactNode, boolean])[] = [
    ...[...measuredWords(measured), ...courseWords(measured, now), ...rotationWords(measured, kind, now)].map(({ name, words, bad }) => [name, words, bad] as const),
    ...measured.facts.map(({ label, value }) => [label, <MeasuredValue key={label} of={value}>{(text) => (text.length > 40 ? <code title={text}>{text.slice(0, 16)}…</code> : text)}</MeasuredValue>, false] as const),
  ];
  if (lines.length === 0) return null;
  return <dl className={classes['measures']}>{lines.map(([name, words, bad], index) => <div key={`${name} ${index}`} style={{ display: 'contents' }}><dt>{name}</dt><dd className={bad ? 'toned' : undefined} data-tone={bad ? 'bad' : undefined}>{words}</dd></div>)}</dl>;
}

function Breaches({ row: { access } }: { readonly row: StatementRow }) {
  const [all, setAll] = useState(false);
  const shown = all ? access.breaches : access.breaches.slice(0, BREACHES_SHOWN);
  return (
    <>
      {shown.map((breach) => (
        <div key={`${breach.kind} ${breach.account} ${breach.mode}`} className={classes['breach']} data-tone="bad">
          <StateIcon shape="alarm" size={13} />
          <span><b>{breach.account}</b> can {breach.read && breach.write ? 'read and write' : breach.write ? 'write' : 'read'} {countOf(breach.items, 'entry', 'entries')}: {breach.because}</span>
        </div>
      ))}
      {access.breaches.length > BREACHES_SHOWN && <button type="button" className={classes['more']} onClick={() => setAll(!all)}>{all ? 'Show fewer' : `Show ${access.breaches.length - BREACHES_SHOWN} more`}</button>}
    </>
  );
}

function Notes({ notes }: { readonly notes: readonly string[] }) {
  const [open, setOpen] = useState(false);
  return (
    <div>
      <button type="button" className={classes['more']} aria-expanded={open} onClick={() => setOpen(!open)}>{open ? 'Hide notes' : countOf(notes.length, 'note')}</button>
      {open && <ul style={{ margin: '4px 0 0', paddingLeft: 16 }}>{notes.map((note) => <li key={note}>{note}</li>)}</ul>}
    </div>
  );
}
