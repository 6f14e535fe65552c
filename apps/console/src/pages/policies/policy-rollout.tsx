import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useMayOperate } from '../../api/operating.js';
import { waitingQuestion } from '../../api/questions.js';
import { Section } from '../../parts/page.js';
import { Rollouts } from '../rotations/rollouts.js';
import { WaitingDecision, type Begun } from '../rotations/waiting-decision.js';

/** How far a policy has come through its waves; here it can be stopped everywhere, also when all are through. */
export function PolicyRollout({ name }: { readonly name: string }) {
  const { data: rollout } = useQuery({ ...waitingQuestion, select: ({ rollouts }) => rollouts.find(({ policy }) => policy === name) });
  const mayOperate = useMayOperate();
  const [begun, setBegun] = useState<Begun | null>(null);
  if (rollout === undefined) return null;
  return (
    <>
      <Section title="Rollout" testId="policy-rollout" flush><Rollouts rollouts={[rollout]} begin={mayOperate ? setBegun : null} /></Section>
      {begun !== null && <WaitingDecision begun={begun} close={() => setBegun(null)} />}
    </>
  );
}
