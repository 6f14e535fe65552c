import { anyEventData, OCSF_TYPE, subjects, WILDCARDS } from '@mailwarden/contracts';
import { ocsfOf } from './ocsf-event.js';

/** A message on its way out, numbered and not yet sealed. */
export interface OutgoingEvent {
  readonly id: string;
  readonly source: string;
  readonly subject: string;
  readonly sequence: number;
  readonly data: unknown;
}

const EVENTS = WILDCARDS.event.replace('>', '');

/**
 * The message in OCSF that travels beside one of our events, under the same id and number; null beside any other message.
 * Null as well for an event of a form that this version does not know: what cannot be mapped holds nothing up, and subscribers have it in our own form.
 */
export function ocsfBeside({ id, source, subject, sequence, data }: OutgoingEvent): { id: string; subject: string; type: string; data: unknown } | null {
  if (!subject.startsWith(EVENTS)) return null;
  const event = anyEventData.safeParse(data);
  if (!event.success) return null;
  const mapped = ocsfOf({ id, source, sequence, data: event.data });
  return { id, subject: subjects.ocsf(mapped.class_uid, event.data.severity, event.data.server), type: OCSF_TYPE, data: mapped };
}
