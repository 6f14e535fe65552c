import { headers, type NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';

const ACKNOWLEDGED_MS_MAX = 5_000;
/** A refusal names its stream and the place 0 as well, so that it is read first: taken for an acknowledgement, the agent would drop what nobody has. */
const refusal = z.object({ error: z.object({ description: z.string().optional() }) });
const acknowledgement = z.object({ stream: z.string(), seq: z.number().int().min(1) });

/**
 * Publishes into a stream that lies in another account: the request crosses by import, the stream's acknowledgement comes back.
 * Errors: rejects when no stream took the message, with the stream's own words where it gave any.
 */
export async function publishAcknowledged(bus: NatsConnection, subject: string, id: string, bytes: Uint8Array): Promise<void> {
  const named = headers();
  named.set('Nats-Msg-Id', id);
  const reply = await bus.request(subject, bytes, { timeout: ACKNOWLEDGED_MS_MAX, headers: named });
  const answer: unknown = JSON.parse(new TextDecoder().decode(reply.data));
  const refused = refusal.safeParse(answer);
  if (refused.success) throw new Error(`the stream did not take the message: ${refused.data.error.description ?? 'no reason given'}`);
  if (!acknowledgement.safeParse(answer).success) throw new Error('the stream answered in a form that is not known');
}
