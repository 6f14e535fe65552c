import type { Problem } from '@mailwarden/contracts';

/** Why a call has no answer: `away` means that nobody answered, `problem` that the service said no, `unreadable` that console and service differ. */
export type FailureKind = 'away' | 'signed-out' | 'missing' | 'problem' | 'unreadable';

/** A call that failed, in words for a person. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';

  constructor(
    readonly kind: FailureKind,
    readonly title: string,
    readonly detail: string,
    readonly status: number | null = null,
  ) {
    super(`${title}: ${detail}`);
  }
}

const AWAY_STATUSES = new Set([502, 503, 504]);

/** What the service's reader of requests says, without its marks. */
const plainWords = (text: string): string => text.replaceAll(/[✖→]\s*/g, '').replaceAll(/\s*\n\s*/g, ' ');

export function failureOf(status: number, said: Problem | null): ApiFailure {
  const title = said?.title ?? 'The request failed';
  const detail = plainWords(said?.detail ?? `The service answered with status ${status}.`);
  if (status === 401) return new ApiFailure('signed-out', title, detail, status);
  if (status === 404) return new ApiFailure('missing', title, detail, status);
  return new ApiFailure(AWAY_STATUSES.has(status) && said === null ? 'away' : 'problem', title, detail, status);
}

export const missing = (detail: string): ApiFailure => new ApiFailure('missing', 'Nothing is here', detail, 404);

export const nobodyAnswered = (): ApiFailure => new ApiFailure('away', 'The service does not answer', 'Check that Mailwarden is running, for example with "mailwarden status".');

export const unreadable = (what: string): ApiFailure =>
  new ApiFailure('unreadable', 'The answer could not be read', `The service's answer to "${what}" is in a form that this page does not know. Reload the page, so that console and service are of one version.`);

/** Any thrown value as a failure, so that every error state has something to say. */
export const asFailure = (thrown: unknown): ApiFailure =>
  thrown instanceof ApiFailure ? thrown : new ApiFailure('problem', 'This page failed', thrown instanceof Error ? thrown.message : 'An unknown error; reload the page.');
