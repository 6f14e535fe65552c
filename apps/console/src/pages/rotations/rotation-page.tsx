import type { RotationView } from '@mailwarden/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { rotationQuestion } from '../../api/questions.js';
import { Answer } from '../../parts/answer.js';
import { Identifier } from '../../parts/identifier.js';
import { Moment } from '../../parts/moment.js';
import { Page, Section } from '../../parts/page.js';
import { RawJson } from '../../parts/raw-json.js';
import { Story } from '../../parts/story.js';
import { StateBadge } from '../../state/state-badge.js';
import { ROTATION_LOOKS } from '../../state/state-words.js';
import { OrderStep } from './order-step.js';
import { ProofStep } from './proof-step.js';
import { ReceiptStep } from './receipt-step.js';
import { rotationHeadline } from './rotation-headline.js';
import { SeenStep } from './seen-step.js';

/** One rotation as a story: what was ordered, what was done, and how that is proved. */
export function RotationPage() {
  const { id } = useParams({ from: '/framed/rotations/$id' });
  const rotation = useQuery(rotationQuestion(id));
  return <Answer to={rotation}>{(view) => <Shown rotation={view} />}</Answer>;
}

function Shown({ rotation }: { readonly rotation: RotationView }) {
  const { order, state, orderedAt } = rotation;
  return (
    <Page
      title={rotationHeadline(rotation)}
      tabTitle={`Rotation of ${order.store} on ${order.server}`}
      above={<><Link to="/rotations">Rotations</Link><Identifier id={order.id} what="order" /></>}
      below={<><StateBadge look={ROTATION_LOOKS[state]} /><span><Link to="/servers/$name" params={{ name: order.server }}>{order.server}</Link>, store {order.store}</span><span>ordered <Moment at={orderedAt} /></span></>}
      actions={<RawJson value={rotation} title={`Rotation ${order.id}`} />}
    >
      <Section>
        <Story>
          <OrderStep rotation={rotation} />
          <ReceiptStep rotation={rotation} />
          <ProofStep rotation={rotation} />
          <SeenStep rotation={rotation} />
        </Story>
      </Section>
    </Page>
  );
}
