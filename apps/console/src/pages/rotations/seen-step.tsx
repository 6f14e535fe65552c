import type { RotationView } from '@mailwarden/contracts';
import { countOf } from '../../format/quantity.js';
import { ByteCount } from '../../parts/byte-count.js';
import { StoryStep } from '../../parts/story.js';
import { DISPLAY_LOOKS, ROTATION_LOOKS } from '../../state/state-words.js';

/** A later scan that found the store as the receipt left it. */
export function SeenStep({ rotation: { provedBy, receipt, order } }: { readonly rotation: RotationView }) {
  if (provedBy !== null) {
    return (
      <StoryStep look={ROTATION_LOOKS.proved} title="Proved by the next scan" at={provedBy.observedAt} testId="rotation-proved-by">
        <p style={{ margin: 0 }}>The agent, which cannot delete, measured {order.store} afresh: {countOf(provedBy.items, 'entry', 'entries')}, <ByteCount bytes={provedBy.bytes} />.</p>
      </StoryStep>
    );
  }
  if (receipt === null || receipt.payload.deleted.items === 0) return null;
  return <StoryStep look={DISPLAY_LOOKS.waiting} title="Next scan awaited"><p className="soft" style={{ margin: 0 }}>The agent measures the store anew; only that proves the receipt.</p></StoryStep>;
}
