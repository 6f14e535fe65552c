import { z } from 'zod';
import { count, instant, sentence, serverName, slug, uuid } from './primitives.js';

/** `waiting` for an operator; `replaying`: given to its consumer again and not answered for yet; `gone`: left the bus before anybody did anything. */
export const DEAD_LETTER_STATES = ['waiting', 'replaying', 'handled', 'discarded', 'gone'] as const;

/** A message that was put aside, without the message. `origin` and `type` are what it says of itself, in their own forms or null; nothing of that is proved. */
export const deadLetterView = z.object({
  id: uuid,
  consumer: slug,
  subject: z.string().max(256),
  /** In whose name it was published, where that is a server of the fleet. */
  server: serverName.nullable(),
  origin: z.string().max(100).nullable(),
  type: z.string().max(100).nullable(),
  reason: sentence,
  /** Units: bytes. */
  bytes: count,
  /** How often it was put aside. */
  tries: count,
  state: z.enum(DEAD_LETTER_STATES),
  firstAt: instant,
  lastAt: instant,
  settledAt: instant.nullable(),
});
export type DeadLetterView = z.output<typeof deadLetterView>;

/** Ids that one request may name. */
export const DEAD_LETTER_IDS_MAX = 200;
const ids = z.array(uuid).min(1).max(DEAD_LETTER_IDS_MAX);

/** Those named, or all that wait, of one consumer or of every one; at most a thousand at once, the oldest first. */
export const replayDeadLetters = z.object({ ids: ids.nullable().default(null), consumer: slug.nullable().default(null) });
export type ReplayDeadLetters = z.output<typeof replayDeadLetters>;
/** Those that were waiting and are on their way now. */
export const replayedDeadLetters = z.object({ letters: z.array(uuid) });
export type ReplayedDeadLetters = z.output<typeof replayedDeadLetters>;
export const discardDeadLetters = z.object({ ids, reason: sentence.min(1) });
export type DiscardDeadLetters = z.output<typeof discardDeadLetters>;
