import type { RotationMark } from '@mailwarden/contracts';
import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { NEEDS_OPERATING } from '../../api/operating.js';
import { countOf } from '../../format/quantity.js';
import { ByteCount } from '../../parts/byte-count.js';
import { Moment } from '../../parts/moment.js';
import { Cell, Table } from '../../parts/table.js';
import { StateBadge } from '../../state/state-badge.js';
import { MARK_LOOKS } from '../../state/state-words.js';
import type { Begun } from './waiting-decision.js';
import { markWords } from './waiting-words.js';

/** What is marked on hosts and goes when its grace has run out, unless it is released. */
export function Marks({ marks, begin }: { readonly marks: readonly RotationMark[]; readonly begin: ((begun: Begun) => void) | null }) {
  return (
    <Table label="Marked" columns={['Store', 'State', 'Policy', { title: 'Marked', end: true }, 'Since', 'Goes', { title: '', width: '110px' }]}>
      {marks.map((mark) => (
        <tr key={mark.order} data-testid={`mark-${mark.server}-${mark.store}`}>
          <Cell column="Store" lead><span><b>{mark.store}</b> on <Link to="/servers/$name" params={{ name: mark.server }}>{mark.server}</Link></span></Cell>
          <Cell column="State"><StateBadge look={MARK_LOOKS[mark.state]} /></Cell>
          <Cell column="Policy"><Link to="/policies/$name" params={{ name: mark.policy }}>{mark.policy}</Link></Cell>
          <Cell column="Marked" end><span>{countOf(mark.marked.items, 'entry', 'entries')}, <ByteCount bytes={mark.marked.bytes} /></span></Cell>
          <Cell column="Since"><Link to="/rotations/$id" params={{ id: mark.order }}><Moment at={mark.markedAt} /></Link></Cell>
          <Cell column="Goes">{mark.state === 'released' ? <span className="soft">not, until resumed</span> : mark.state === 'done' ? <span className="soft">it went</span> : <Moment at={mark.dueAt} />}</Cell>
          <Cell column="Decide"><Decide mark={mark} begin={begin} /></Cell>
        </tr>
      ))}
    </Table>
  );
}

function Decide({ mark, begin }: { readonly mark: RotationMark; readonly begin: ((begun: Begun) => void) | null }) {
  if (mark.state === 'done') return null;
  const action = mark.state === 'released' ? 'resume' : 'release';
  const words = markWords(action, mark);
  return <Button variant="default" disabled={begin === null} title={begin === null ? NEEDS_OPERATING : undefined} onClick={() => begin?.({ act: { about: 'mark', id: mark.order, action }, words })}>{words.title}</Button>;
}
