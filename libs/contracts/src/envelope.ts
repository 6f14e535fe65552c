import { err, ok, verifySignature, type Instant, type PublicKeyText, type Result, type Signer } from '@mailwarden/kernel';
import { z } from 'zod';
import { MESSAGE_BYTES_MAX } from './streams.js';
import { count, instant } from './primitives.js';
import { SIGNING_CONTEXTS } from './rotation.js';

const envelopeSchema = z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1).max(100),
  /** `mailwarden/agent/<server>` or `mailwarden/<service>`. */
  source: z.string().regex(/^mailwarden\/(?:agent\/[a-z0-9-]{1,63}|[a-z0-9-]{1,63})$/),
  type: z.string().regex(/^mailwarden\.[a-z0-9-]+\.[a-z0-9-]+\.v\d+$/),
  time: instant,
  /** The bus subject that the message was published on. */
  subject: z.string().max(256),
  datacontenttype: z.literal('application/json'),
  /** Gap-free per source and, for services, kind of subject (`mw.event`, `mw.order`, `mw.evidence`), from 1; 0 where the message is not counted (heartbeats, replies). */
  sequence: count,
  traceparent: z.string().max(100).optional(),
  signature: z.string().max(100),
  data: z.unknown(),
});

/** CloudEvents 1.0 in structured mode, signed by its origin. */
export type Envelope<T = unknown> = Omit<z.output<typeof envelopeSchema>, 'data'> & { readonly data: T };

export const agentSource = (server: string): string => `mailwarden/agent/${server}`;
export const serviceSource = (service: 'reporting' | 'rotation' | 'consent'): string => `mailwarden/${service}`;
export const serverOfSource = (source: string): string | undefined => /^mailwarden\/agent\/(.+)$/.exec(source)?.[1];

/** Seals `data` for the wire. Safety: the signature covers every member but itself, subject and sequence among them. */
export function sealEnvelope(
  signer: Signer,
  parts: { id: string; source: string; type: string; time: Instant; subject: string; sequence: number; data: unknown; traceparent?: string | undefined },
): Envelope {
  const unsigned = {
    specversion: '1.0' as const,
    datacontenttype: 'application/json' as const,
    id: parts.id,
    source: parts.source,
    type: parts.type,
    time: parts.time,
    subject: parts.subject,
    sequence: parts.sequence,
    ...(parts.traceparent === undefined ? {} : { traceparent: parts.traceparent }),
    data: parts.data,
  };
  return { ...unsigned, signature: signer.sign(SIGNING_CONTEXTS.envelope, unsigned) };
}

export const ENVELOPE_ERRORS = ['too-large', 'not-json', 'not-an-envelope', 'wrong-subject', 'unknown-origin', 'bad-signature', 'unknown-type', 'bad-data'] as const;
export type EnvelopeError = { readonly code: (typeof ENVELOPE_ERRORS)[number]; readonly detail: string };

/** Key of an origin, or undefined when nobody of that name may speak. */
export type KeyOf = (source: string) => PublicKeyText | undefined;

const decoder = new TextDecoder('utf-8', { fatal: true });

function parseJson(bytes: Uint8Array, bytesMax: number): Result<unknown, EnvelopeError> {
  if (bytes.length > bytesMax) return err({ code: 'too-large', detail: `${bytes.length} bytes; the limit is ${bytesMax}` });
  try {
    return ok(JSON.parse(decoder.decode(bytes)));
  } catch {
    // The parser's own words quote the message, and details travel to logs, the console and subscribers.
    return err({ code: 'not-json', detail: 'the bytes are not JSON in UTF-8' });
  }
}

const PROBLEMS_SHOWN_MAX = 3;
const DETAIL_CHARACTERS_MAX = 400;
const PLAIN_MEMBER = /^[A-Za-z]{1,30}$/;

/** What is wrong and where. Privacy: a member whose name is no plain word may be text of the message, and is not repeated. */
function problemsOf({ issues }: z.ZodError): string {
  const place = (path: readonly PropertyKey[]): string => path.map((step) => (typeof step === 'number' || PLAIN_MEMBER.test(String(step)) ? String(step) : '*')).join('.');
  const shown = issues.slice(0, PROBLEMS_SHOWN_MAX).map(({ path, message }) => (path.length === 0 ? message : `${place(path)}: ${message}`));
  return `${shown.join('; ')}${issues.length > PROBLEMS_SHOWN_MAX ? `; and ${issues.length - PROBLEMS_SHOWN_MAX} more` : ''}`.slice(0, DETAIL_CHARACTERS_MAX);
}

/**
 * Reads and checks one message: size, form, subject, origin, signature, then the payload.
 * Errors: the first check that failed; the caller dead-letters the message with it. Never throws on hostile bytes.
 */
export function openEnvelope<S extends z.ZodType>(
  bytes: Uint8Array,
  expected: { subject: string; types: Readonly<Record<string, S>>; keyOf: KeyOf; bytesMax?: number },
): Result<Envelope<z.output<S>>, EnvelopeError> {
  const json = parseJson(bytes, expected.bytesMax ?? MESSAGE_BYTES_MAX);
  if (!json.ok) return json;
  const parsed = envelopeSchema.safeParse(json.value);
  if (!parsed.success) return err({ code: 'not-an-envelope', detail: problemsOf(parsed.error) });
  const { signature, ...unsigned } = json.value as Record<string, unknown> & { signature: string };
  const envelope = parsed.data;
  if (envelope.subject !== expected.subject) return err({ code: 'wrong-subject', detail: 'the message was made for another subject' });
  const key = expected.keyOf(envelope.source);
  if (key === undefined) return err({ code: 'unknown-origin', detail: `nobody is known as ${envelope.source}` });
  if (!verifySignature(key, SIGNING_CONTEXTS.envelope, unsigned, signature)) {
    return err({ code: 'bad-signature', detail: `the signature is not of ${envelope.source}` });
  }
  const schema = expected.types[envelope.type];
  if (schema === undefined) return err({ code: 'unknown-type', detail: `type ${envelope.type} is not known here` });
  const data = schema.safeParse(envelope.data);
  if (!data.success) return err({ code: 'bad-data', detail: problemsOf(data.error) });
  return ok({ ...envelope, data: data.data });
}

/** Message types by what they carry: happenings in the past tense, the one command in the imperative. None is the type of an event. */
export const MESSAGE_TYPES = {
  observation: 'mailwarden.store.observed.v1',
  heartbeat: 'mailwarden.agent.alive.v1',
  receipt: 'mailwarden.rotation.carried-out.v1',
  attestation: 'mailwarden.consent.attested.v1',
  order: 'mailwarden.store.rotate.v1',
  evidence: 'mailwarden.evidence.stated.v1',
  textTold: 'mailwarden.text.told.v1',
  question: 'mailwarden.question.asked.v1',
  answer: 'mailwarden.question.answered.v1',
  credentialAsked: 'mailwarden.credential.asked.v1',
} as const;

/** An event in OCSF, beside the event itself and under its id. */
export const OCSF_TYPE = 'mailwarden.ocsf.mapped.v1';

/** `finding.opened` travels as `mailwarden.finding.opened.v1`. */
export const eventType = (event: string): string => `mailwarden.${event}.v1`;
