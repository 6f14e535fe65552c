import type { RotationWaiting } from '@mailwarden/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.js';
import { useMayOperate } from '../../api/operating.js';
import { waitingQuestion } from '../../api/questions.js';
import { Answer } from '../../parts/answer.js';
import { Section } from '../../parts/page.js';
import { ReasonDialog } from '../../parts/reason-dialog.js';
import { WaitingRows } from '../../parts/waiting-rows.js';
import { Approvals } from './approvals.js';
import { Marks } from './marks.js';
import { Rollouts } from './rollouts.js';
import type { WaitingAct } from './waiting-words.js';

/** An act that somebody began: what it does, in words, until it is confirmed or put away. */
export interface Begun {
  readonly act: WaitingAct;
  readonly words: { readonly title: string; readonly button: string; readonly consequence: string; readonly weighty: boolean };
}

/** What waits for a person or for time: approvals, what is marked, and rollouts. */
export function WaitingSection() {
  const questions = useQueryClient();
  const waiting = useQuery(waitingQuestion);
  const mayOperate = useMayOperate();
  const [begun, setBegun] = useState<Begun | null>(null);
  const done = (answer: RotationWaiting): void => {
    questions.setQueryData(waitingQuestion.queryKey, answer);
    void questions.invalidateQueries({ queryKey: ['rotations'] });
  };
  return (
    <>
      <Answer to={waiting} waiting={<Section title="Waits for a decision" flush><WaitingRows rows={1} /></Section>}>
        {(found) => <Shown waiting={found} begin={mayOperate ? setBegun : null} />}
      </Answer>
      {begun !== null && (
        <ReasonDialog title={begun.words.title} button={begun.words.button} weighty={begun.words.weighty} act={async (reason) => done(await call('decideRotation', { body: { ...begun.act, reason } }))} done={() => setBegun(null)} close={() => setBegun(null)}>
          <p>{begun.words.consequence}</p>
        </ReasonDialog>
      )}
    </>
  );
}

const LASTING = new Set(['complete']);

function Shown({ waiting: { requests, marks, rollouts }, begin }: { readonly waiting: RotationWaiting; readonly begin: ((begun: Begun) => void) | null }) {
  // A policy that is in force everywhere waits for nothing; while all are, the list would only repeat the policies.
  const moving = rollouts.filter(({ state }) => !LASTING.has(state));
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
