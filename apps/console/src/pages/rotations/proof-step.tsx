import type { RotationView } from '@mailwarden/contracts';
import { groupedCount } from '../../format/quantity.js';
import { Identifier } from '../../parts/identifier.js';
import { Moment } from '../../parts/moment.js';
import { Facts } from '../../parts/page.js';
import { StoryStep } from '../../parts/story.js';
import { DISPLAY_LOOKS, type StateLook } from '../../state/state-words.js';

const IN_LEDGER: StateLook = { word: 'In the ledger', shape: 'seal', tone: 'good' };

/** Where the receipt lies in the ledger, and the signed head that covers it. */
export function ProofStep({ rotation: { proof, receipt } }: { readonly rotation: RotationView }) {
  if (proof === null) {
    return receipt === null ? null : (
      <StoryStep look={DISPLAY_LOOKS.waiting} title="Ledger proof awaited"><p className="soft" style={{ margin: 0 }}>The receipt enters the ledger, and the next checkpoint signs for it.</p></StoryStep>
    );
  }
  const { payload, keyId, signature } = proof.checkpoint;
  return (
    <StoryStep look={IN_LEDGER} title="Kept in the ledger" at={payload.at} testId="rotation-proof">
      <Facts
        rows={[
          ['Leaf', `number ${groupedCount(proof.leafIndex)}`],
          ['Hash of the leaf', <Identifier key="leaf" id={proof.leafHash} what="hash of the leaf" />],
          ['Checkpoint', <span key="checkpoint">{groupedCount(payload.size)} leaves, signed <Moment at={payload.at} /></span>],
          ['Root', <Identifier key="root" id={payload.rootHash} what="root hash" />],
          ['Signed by key', <Identifier key="key" id={keyId} what="key id" whole />],
          ['Signature', <Identifier key="signature" id={signature} what="signature of the checkpoint" />],
        ]}
      />
      <details style={{ marginTop: 8 }}>
        <summary className="soft" style={{ cursor: 'pointer' }}>Path to the root: {proof.inclusion.length} hashes</summary>
        <ol style={{ margin: '6px 0 0', paddingLeft: 24 }}>{proof.inclusion.map((hash, index) => <li key={`${index} ${hash}`}><code className="break">{hash}</code></li>)}</ol>
      </details>
    </StoryStep>
  );
}
