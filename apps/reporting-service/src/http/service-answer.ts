import type { Answer } from '@mailwarden/contracts';
import { NobodyAnswers } from '@mailwarden/messaging';
import { ApiProblem } from './api-problem.js';

/** Answers after which part of what was asked may have been done. */
const UNSURE: ReadonlySet<string> = new Set(['failed', 'bad-reply', 'too-large']);

/** The value that another service answered. Errors: 422 with its own words when it refused, 502 when it cannot be told whether it was done, 503 when nobody is there, 504 when it did not answer in time. */
export async function answered<T>(service: string, asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch (cause) {
    if (cause instanceof NobodyAnswers) throw new ApiProblem(503, 'Not available', `The ${service} is not there. Nothing was changed; try again in a moment.`, { 'retry-after': '2' });
    throw new ApiProblem(504, 'No answer', `The ${service} did not answer in time. It may still do what was asked: look before you ask again.`, { 'retry-after': '5' });
  }
  if (answer.ok) return answer.value;
  if (UNSURE.has(answer.code)) throw new ApiProblem(502, 'Not known whether it was done', `The ${service} could not say how it ended: ${answer.detail}. Look before you ask again.`);
  throw new ApiProblem(422, 'Not done', answer.detail);
}
