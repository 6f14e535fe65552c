import type { Answer, DecideReply, RecordedDecision } from '@mailwarden/contracts';

/** The decision that a registry recorded at once. Errors: throws where it was refused, or waits for a second person. */
export function recordedOf(answer: Answer<DecideReply>): RecordedDecision {
  if (!answer.ok) throw new Error(answer.detail);
  if ('waitsFor' in answer.value) throw new Error('it waits for a second person');
  return answer.value;
}
