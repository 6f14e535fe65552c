import { fullOrder, type Pace, type RotationView } from '@mailwarden/contracts';
import { formatByteCount, formatExactDuration } from '@mailwarden/kernel';
import { Link } from '@tanstack/react-router';
import { countOf, limitValue } from '../../format/quantity.js';
import { Identifier } from '../../parts/identifier.js';
import { Moment } from '../../parts/moment.js';
import { Facts } from '../../parts/page.js';
import { StoryStep } from '../../parts/story.js';

const PURPOSES = { rotate: 'delete', plan: 'tell exactly what would go, and delete nothing', mark: 'note what would go, so that it goes later unless it is released' } as const;

const paceWords = ({ itemsPerSecond, bytesPerSecond }: Pace): string => [itemsPerSecond === null ? null : countOf(itemsPerSecond, 'entry', 'entries'), bytesPerSecond === null ? null : formatByteCount(bytesPerSecond)].filter((part) => part !== null).join(' and ') + ' a second';

/** What was permitted: by which policy, down to what, and no further than which bounds. */
export function OrderStep({ rotation: { order } }: { readonly rotation: RotationView }) {
  const { policy, watermarks, bounds, keep, holds } = order;
  const { purpose, exclude, overwrite, orphans, marked, pace } = fullOrder(order);
  return (
    <StoryStep look={{ word: 'Ordered', shape: 'seal', tone: 'waiting' }} title="Order, signed by the rotation worker" at={order.issuedAt} testId="rotation-order">
      <Facts
        rows={[
          ['Purpose', PURPOSES[purpose]],
          ['Policy', <span key="policy">{policy.name} <Identifier id={policy.version} what="version of the policy" /></span>],
          ['Watermarks', watermarks.map((mark) => `over ${limitValue(mark.kind, mark.limit)}, down to ${limitValue(mark.kind, mark.target)}`).join('; ')],
          ['At most', `${countOf(bounds.items, 'entry', 'entries')}, ${formatByteCount(bounds.bytes)}, ${bounds.percent} % of the store, within ${formatExactDuration(bounds.deadlineSeconds)}`],
          ['Keeps', `the newest ${countOf(keep.newest, 'entry', 'entries')}, and what is younger than ${formatExactDuration(keep.youngerThanSeconds)}`],
          ['Age by', `the moment an entry was ${order.clock}`],
          ['Valid until', <Moment key="expires" at={order.expiresAt} />],
          ['Holds', holds.length === 0 ? 'none' : <ul key="holds" style={{ margin: 0, paddingLeft: 16 }}>{holds.map((hold) => <li key={hold.id}><b>{hold.id}</b>: {hold.reason}{hold.store !== null && `, store ${hold.store}`}</li>)}</ul>],
          ...(exclude.length === 0 ? [] : [['Leaves out', <code key="exclude">{exclude.join(' ')}</code>] as const]),
          ...(overwrite ? [['Writes over', 'what a file held, before its name goes'] as const] : []),
          ...(orphans === 'delete' ? [['Orphans', 'halves that were left alone go too'] as const] : []),
          ...(pace.itemsPerSecond === null && pace.bytesPerSecond === null ? [] : [['No faster than', paceWords(pace)] as const]),
          ...(marked === null ? [] : [['Only what was', <Link key="marked" to="/rotations/$id" params={{ id: marked }}>marked before</Link>] as const]),
          ['Profile', order.profile],
        ]}
      />
    </StoryStep>
  );
}
