import type { RotationWaiting } from '@mailwarden/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.js';
import { waitingQuestion } from '../../api/questions.js';
import { ReasonDialog } from '../../parts/reason-dialog.js';
import type { ActWords, WaitingAct } from './waiting-words.js';

/** An act that somebody began: what it does, in words, until it is confirmed or put away. */
export interface Begun {
  readonly act: WaitingAct;
  readonly words: ActWords;
}

/** Asks why, and tells the service what was decided. */
export function WaitingDecision({ begun, close }: { readonly begun: Begun; readonly close: () => void }) {
  const questions = useQueryClient();
  const keep = (answer: RotationWaiting): void => {
    questions.setQueryData(waitingQuestion.queryKey, answer);
    void questions.invalidateQueries({ queryKey: ['rotations'] });
  };
  const { act, words } = begun;
  return (
    <ReasonDialog title={words.title} button={words.button} weighty={words.weighty} act={async (reason) => keep(await call('decideRotation', { body: { ...act, reason } }))} done={close} close={close}>
      <p>{words.consequence}</p>
    </ReasonDialog>
  );
}
