import { headers, type NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';

const ACKNOWLEDGED_MS_MAX = 5_000;
const acknowledgement = z.union([z.object({ stream: z.string(), seq: z.number() }), z.object({ error: z.object({ description: z.string().optional() }) })]);

/**
 * Publishes into a stream that lies in another account: the request crosses by import, the stream's acknowledgement comes back.
 * Errors: rejects when no stream took the message, with the stream's own words where it gave any.
 */
export async function publishAcknowledged(bus: NatsConnection, subject: string, id: string, bytes: Uint8Array): Promise<void> {
  const named = headers();
  named.set('Nats-Msg-Id', id);
  const reply = await bus.request(subject, bytes, { timeout: ACKNOWLEDGED_MS_MAX, headers: named });
  const answer = acknowledgement.safeParse(JSON.parse(new TextDecoder().decode(reply.data)));
  if (!answer.success) throw new Error('the stream answered in a form that is not known');
  if ('error' in answer.data) throw new Error(`the stream did not take the message: ${answer.data.error.description ?? 'no reason given'}`);
}
