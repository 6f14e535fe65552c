import type { RotationWaiting } from '@mailwarden/contracts';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useMayOperate } from '../../api/operating.js';
import { waitingQuestion } from '../../api/questions.js';
import { Answer } from '../../parts/answer.js';
import { Section } from '../../parts/page.js';
import { WaitingRows } from '../../parts/waiting-rows.js';
import { Approvals } from './approvals.js';
import { Marks } from './marks.js';
import { Rollouts } from './rollouts.js';
import { WaitingDecision, type Begun } from './waiting-decision.js';

/** What waits for a person or for time: approvals, what is marked, and rollouts. */
export function WaitingSection() {
  const waiting = useQuery(waitingQuestion);
  const mayOperate = useMayOperate();
  const [begun, setBegun] = useState<Begun | null>(null);
  return (
    <>
      <Answer to={waiting} waiting={<Section title="Waits for a decision" flush><WaitingRows rows={1} /></Section>}>
        {(found) => <Shown waiting={found} begin={mayOperate ? setBegun : null} />}
      </Answer>
      {begun !== null && <WaitingDecision begun={begun} close={() => setBegun(null)} />}
    </>
  );
}

function Shown({ waiting: { requests, marks, rollouts }, begin }: { readonly waiting: RotationWaiting; readonly begin: ((begun: Begun) => void) | null }) {
  // A policy that is in force everywhere waits for nothing; its page can stop it.
  const moving = rollouts.filter(({ state }) => state !== 'complete');
  return (
    <>
      <Section title="Waits for a decision" testId="rotation-approvals" flush>
        {requests.length === 0 ? <p className="soft" style={{ margin: 0, padding: '12px 16px' }}>Nothing waits for approval. Policies in mode ask wait here before they delete.</p> : <Approvals requests={requests} begin={begin} />}
      </Section>
      {marks.length > 0 && <Section title="Marked, and deleted when its grace has run out" testId="rotation-marks" flush><Marks marks={marks} begin={begin} /></Section>}
      {moving.length > 0 && <Section title="Rollouts" testId="rotation-rollouts" flush><Rollouts rollouts={moving} begin={begin} /></Section>}
    </>
  );
}
