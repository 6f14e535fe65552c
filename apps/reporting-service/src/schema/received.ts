import { serverOfSource, type Envelope } from '@mailwarden/contracts';
import { Poison } from '@mailwarden/messaging';
import { whatCannotBeKept } from './storable.js';

/** Names a message for exactly-once handling: ids are chosen by origins, so that no origin can use up another's. */
export const handledKey = (envelope: Pick<Envelope, 'source' | 'id'>): string => `${envelope.source} ${envelope.id}`;

/**
 * Refuses what an agent says in another server's name, and text that the database cannot keep.
 * Errors: throws Poison, so that the message goes to the dead letters with its reason.
 */
export function requireOwnWord(envelope: Envelope, server: string): void {
  const speaker = serverOfSource(envelope.source);
  if (speaker !== server || envelope.subject.split('.').at(-1) !== server) throw new Poison('an agent spoke in the name of another server');
  requireStorable(envelope.data);
}

export function requireStorable(data: unknown): void {
  const flaw = whatCannotBeKept(data);
  if (flaw !== null) throw new Poison(`the message holds ${flaw}`);
}
