import type { FleetView } from '@mailwarden/contracts';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { groupedCount } from '../../format/quantity.js';
import { ByteCount } from '../../parts/byte-count.js';
import { StateIcon } from '../../state/state-icon.js';
import type { Shape, Tone } from '../../state/state-words.js';
import classes from './fleet-page.module.css';

interface Figure {
  readonly name: string;
  readonly value: ReactNode;
  readonly tone?: Tone;
  readonly shape?: Shape;
}

/** Days are those of UTC. */
function Total({ name, value, tone, shape }: Figure) {
  return <><span title={name.endsWith('today') ? `${name}, since midnight UTC` : name}>{name}</span><b data-tone={tone}>{shape !== undefined && <StateIcon shape={shape} size={15} />}{value}</b></>;
}

/** The fleet in eight figures; those with a list behind them lead there. */
export function FleetTotals({ totals }: { readonly totals: FleetView['totals'] }) {
  const total = classes['total'] ?? '';
  return (
    <div className={classes['totals']} data-testid="fleet-totals">
      <div className={total}><Total name="Servers" value={groupedCount(totals.servers)} /></div>
      <div className={total}><Total name="Live agents" value={<>{groupedCount(totals.live)}<small className="soft">of {groupedCount(totals.servers)}</small></>} {...(totals.live < totals.servers && { tone: 'bad', shape: 'alarm' })} /></div>
      <Link to="/" search={{ state: 'in-order' }} className={total}><Total name="In order" value={groupedCount(totals.inOrder)} {...(totals.inOrder > 0 && { tone: 'good', shape: 'tick' })} /></Link>
      <Link to="/" search={{ state: 'finding' }} className={total}><Total name="With findings" value={groupedCount(totals.withFindings)} {...(totals.withFindings > 0 && { tone: 'bad', shape: 'alarm' })} /></Link>
      <Link to="/findings" className={total}><Total name="Open findings" value={groupedCount(totals.openFindings)} /></Link>
      <div className={total}><Total name="Stored" value={<ByteCount bytes={totals.bytesStored} />} /></div>
      <Link to="/rotations" className={total}><Total name="Rotations today" value={groupedCount(totals.rotationsToday)} /></Link>
      <Link to="/rotations" className={total}><Total name="Freed today" value={<ByteCount bytes={totals.bytesRotatedToday} />} /></Link>
    </div>
  );
}
