import { z } from 'zod';
import { count, instant, sentence, serverName, sha256Hex, slug, uuid } from './primitives.js';

/** Texts that one server may be asked for at once. */
export const TEXT_ASKS_MAX = 10;
/** Parts that one text may come in. */
export const TEXT_PARTS_MAX = 24;
/** Longest part before it is written in base64: with its envelope it is within one message. Units: bytes. */
export const TEXT_PART_BYTES = 40_000;

/** One text that an officer wants to read, of which a server told the hash. `key`: what the answer is sealed for, made for it alone. */
const oneAsk = z.object({ id: uuid, agreement: slug, textSha256: sha256Hex, key: z.string().regex(/^[A-Za-z0-9_-]{43}$/) });
/** What the registry asks the agent of one server for; under `text-ask.<server>` of the consent bucket. Signed by the registry. */
export const textAsk = z.object({ schema: z.literal('mailwarden/text-ask/v1'), server: serverName, asks: z.array(oneAsk).max(TEXT_ASKS_MAX), askedAt: instant });
export type TextAsk = z.output<typeof textAsk>;
export const signedTextAsk = z.object({ payload: textAsk, keyId: z.string().regex(/^[0-9a-f]{16}$/), signature: z.string().max(100) });
export type SignedTextAsk = z.output<typeof signedTextAsk>;
const ASK_PREFIX = 'text-ask.';
/** Key of a server's asks in the consent bucket. */
export const textAskKey = (server: string): string => `${ASK_PREFIX}${server}`;
/** True for a key of the consent bucket under which a server is asked for texts, and nothing was decided. */
export const isTextAskKey = (key: string): boolean => key.startsWith(ASK_PREFIX);

const answerFacts = { schema: z.literal('mailwarden/text-told/v1'), server: serverName, ask: uuid };
/** An agent's answer: one part of the compressed text, sealed as a whole, or why there is none. */
export const textTold = z.union([
  z.object({ ...answerFacts, part: count, parts: z.number().int().min(1).max(TEXT_PARTS_MAX), sealed: z.base64().max(Math.ceil(TEXT_PART_BYTES / 3) * 4) }),
  z.object({ ...answerFacts, reason: sentence }),
]);
export type TextTold = z.output<typeof textTold>;

/** Has the words of a text fetched that was only seen; what it is called, its language and from when it is in effect are the officer's to say. */
export const fetchTextRequest = z.object({ agreement: slug, textSha256: sha256Hex, label: z.string().min(1).max(100), language: z.string().min(2).max(20), effectiveAt: instant.nullable(), server: serverName, by: z.string().min(1).max(120) });
export type FetchTextRequest = z.output<typeof fetchTextRequest>;
/** A fetch that is under way, or came to nothing. */
export const textFetch = z.object({ agreement: slug, textSha256: sha256Hex, server: serverName, askedAt: instant, /** Why it came to nothing; null while it is waited for. */ failed: z.string().max(500).nullable() });
export type TextFetch = z.output<typeof textFetch>;
