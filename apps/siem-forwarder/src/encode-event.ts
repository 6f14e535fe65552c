import { anyEventData, EVENT_NAMES, eventType, openEnvelope, type AnyEventData, type Envelope, type KeyOf } from '@mailwarden/contracts';
import { err, ok, type Result } from '@mailwarden/kernel';
import { asciiJson, cefOf, ocsfOf, syslogOf, type ToldEvent } from '@mailwarden/siem-formats';
import type { ForwarderSettings } from './forwarder-settings.js';
import type { EncodedEvent } from './receivers/receiver.js';

const TYPES = Object.fromEntries(EVENT_NAMES.map((name) => [eventType(name), anyEventData]));

/** An event that was checked, ready for the receiver. */
export interface ReadyEvent extends EncodedEvent {
  readonly source: string;
  readonly sequence: number;
}

/** Text in one line. JSON is written anew, since its signature would also fit the same members spread over many lines. */
function textIn(format: ForwarderSettings['format'], told: ToldEvent, bytes: Uint8Array): string {
  if (format === 'cef') return cefOf(told);
  return asciiJson(format === 'ocsf' ? ocsfOf(told) : (JSON.parse(new TextDecoder().decode(bytes)) as Envelope<AnyEventData>));
}

/** Checks one message and puts it into the receiver's format. Errors: why it is no event of ours, for whoever looks at what was put aside. */
export function encodeEvent(bytes: Uint8Array, subject: string, format: ForwarderSettings['format'], keyOf: KeyOf): Result<ReadyEvent, string> {
  const opened = openEnvelope(bytes, { subject, types: TYPES, keyOf });
  if (!opened.ok) return err(`${opened.error.code}: ${opened.error.detail}`);
  const { id, source, sequence, data } = opened.value;
  const told = { id, source, sequence, data };
  const text = textIn(format, told, bytes);
  return ok({ source, sequence, text, syslog: syslogOf(told, text) });
}
