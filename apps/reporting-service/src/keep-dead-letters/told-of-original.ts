import { MESSAGE_BYTES_MAX } from '@mailwarden/contracts';

const SOURCE = /^mailwarden\/(?:agent\/[a-z0-9-]{1,63}|[a-z0-9-]{1,63})$/;
const TYPE = /^mailwarden\.[a-z0-9-]{1,40}\.[a-z0-9-]{1,40}\.v\d{1,4}$/;
/** Subjects whose last word is a server. Evidence is named by its service. */
const OF_SERVER = /^mw\.(?:observation|receipt|attestation|order|event)\..*?([a-z0-9-]{1,63})$/;

/** What a message that was put aside says of itself, as far as it may be shown. Nothing of it is proved. */
export interface ToldOfOriginal {
  readonly origin: string | null;
  readonly type: string | null;
  /** Units: bytes. */
  readonly bytes: number;
}

const fitting = (value: unknown, form: RegExp): string | null => (typeof value === 'string' && form.test(value) ? value : null);

/** Privacy: two members in their own strict forms and the size; a message that is not in order may hold anything, and the rest of it is shown to nobody. */
export function toldOf(original: Uint8Array): ToldOfOriginal {
  const nothing = { origin: null, type: null, bytes: original.length };
  if (original.length >= MESSAGE_BYTES_MAX) return nothing;
  try {
    const { source, type } = JSON.parse(Buffer.from(original).toString('utf8')) as { source?: unknown; type?: unknown };
    return { origin: fitting(source, SOURCE), type: fitting(type, TYPE), bytes: original.length };
  } catch {
    return nothing;
  }
}

/** Server in whose name a message was published; null where its subject is of none. */
export const serverNamed = (subject: string): string | null => OF_SERVER.exec(subject)?.[1] ?? null;
