import { SERVICE_QUERIES, subjects, type Answer, type ServiceQuery } from '@mailwarden/contracts';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { z } from 'zod';

export type QueryRequest<Q extends ServiceQuery> = z.output<(typeof SERVICE_QUERIES)[Q]['request']>;
export type QueryReply<Q extends ServiceQuery> = Extract<z.output<(typeof SERVICE_QUERIES)[Q]['reply']>, { ok: true }>['value'];

function subjectOf(query: ServiceQuery): string {
  const [service, name] = query.split('.') as ['consent' | 'rotation' | 'reporting', string];
  return subjects.api(service, name);
}

const refuse = (code: string, detail: string): Answer<never> => ({ ok: false, code, detail: detail.slice(0, 500) });

/** Answers one kind of question; instances of a service share the questions. What is not of the query's form is refused before the handler sees it. */
export function serveQuery<Q extends ServiceQuery>(
  bus: NatsConnection,
  query: Q,
  handle: (request: QueryRequest<Q>) => Promise<Answer<QueryReply<Q>>>,
  onFailure: (cause: unknown) => void,
): Subscription {
  const { request } = SERVICE_QUERIES[query];
  const reply = async (data: Uint8Array): Promise<Answer<QueryReply<Q>>> => {
    let json: unknown;
    try {
      json = JSON.parse(new TextDecoder().decode(data));
    } catch {
      return refuse('not-json', 'the question is not JSON');
    }
    const parsed = request.safeParse(json);
    if (!parsed.success) return refuse('bad-request', z.prettifyError(parsed.error));
    try {
      return await handle(parsed.data as QueryRequest<Q>);
    } catch (cause) {
      onFailure(cause);
      return refuse('failed', 'the service could not answer; its log says why');
    }
  };
  return bus.subscribe(subjectOf(query), {
    queue: query,
    callback: (problem, message) => {
      if (problem === null) void reply(message.data).then((answer) => message.respond(JSON.stringify(answer)));
    },
  });
}

/** Asks a service. Errors: rejects when nobody answers in time; an answer with code `bad-reply` when the answer has another form. */
export async function askService<Q extends ServiceQuery>(bus: NatsConnection, query: Q, request: z.input<(typeof SERVICE_QUERIES)[Q]['request']>, options: { timeoutMs: number }): Promise<Answer<QueryReply<Q>>> {
  const { data } = await bus.request(subjectOf(query), JSON.stringify(request), { timeout: options.timeoutMs });
  const parsed = SERVICE_QUERIES[query].reply.safeParse(JSON.parse(new TextDecoder().decode(data)));
  return parsed.success ? (parsed.data as Answer<QueryReply<Q>>) : refuse('bad-reply', `the answer to ${query} has another form`);
}
