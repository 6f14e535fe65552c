import { z } from 'zod';
import { count, instant, sentence } from './primitives.js';

const source = z.string().regex(/^mailwarden\/(?:agent\/[a-z0-9-]{1,63}|[a-z0-9-]{1,63})$/, 'must be an origin, such as mailwarden/agent/mx-1');
/** What is numbered by itself: all that an agent says, and each kind of what a service says. */
const line = z.enum(['agent', 'event', 'order', 'evidence']);

/** What was numbered and did not come, and where an origin began to count anew. */
export const missingMessagesView = z.object({
  missing: z.array(z.object({ source, line, first: count, last: count, seenAt: instant })),
  anew: z.array(z.object({ source, line, head: count, began: count, seenAt: instant })),
});
export type MissingMessagesView = z.output<typeof missingMessagesView>;

/** What is lost of one origin, or began anew, is known to whoever answers for it. */
export const acceptMissing = z.object({ source, reason: sentence.min(1) });
