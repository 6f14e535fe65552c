import type { Answer } from '@mailwarden/contracts';
import { ApiProblem } from './api-problem.js';

/** The value that another service answered. Errors: 422 with its own words when it refused, 503 when it does not answer. */
export async function answered<T>(service: string, asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch {
    throw new ApiProblem(503, 'Not available', `The ${service} does not answer. Nothing was changed; try again in a moment.`, { 'retry-after': '2' });
  }
  if (!answer.ok) throw new ApiProblem(422, 'Not done', answer.detail);
  return answer.value;
}
