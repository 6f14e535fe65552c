import { SERVICE_QUERIES, subjects, type Answer, type ServiceQuery } from '@mailwarden/contracts';
import type { z } from 'zod';

export type QueryRequest<Q extends ServiceQuery> = z.output<(typeof SERVICE_QUERIES)[Q]['request']>;
export type QueryReply<Q extends ServiceQuery> = Extract<z.output<(typeof SERVICE_QUERIES)[Q]['reply']>, { ok: true }>['value'];
/** Services that answer. */
export type AnsweringService = 'consent' | 'rotation';

/** Who answers a query, and where. */
export function addressOf(query: ServiceQuery): { readonly service: AnsweringService; readonly subject: string } {
  const [service, name] = query.split('.') as [AnsweringService, string];
  return { service, subject: subjects.api(service, name) };
}

export const refuse = (code: string, detail: string): Answer<never> => ({ ok: false, code, detail: detail.slice(0, 500) });
