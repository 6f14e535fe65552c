import type { Answer } from '@mailwarden/contracts';
import { NobodyAnswers } from '@mailwarden/messaging';
import { ApiProblem } from './api-problem.js';

/** The value that another service answered. Errors: 422 with its own words when it refused, 503 when nobody is there, 504 when it did not answer in time. */
export async function answered<T>(service: string, asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch (cause) {
    if (cause instanceof NobodyAnswers) throw new ApiProblem(503, 'Not available', `The ${service} is not there. Nothing was changed; try again in a moment.`, { 'retry-after': '2' });
    throw new ApiProblem(504, 'No answer', `The ${service} did not answer in time. It may still do what was asked: look before you ask again.`, { 'retry-after': '5' });
  }
  if (!answer.ok) throw new ApiProblem(422, 'Not done', answer.detail);
  return answer.value;
}
