import { z } from 'zod';
import { labels, instant, profileId, sentence, serverName, slug, uuid } from './primitives.js';
import { busKey, publicKey, signedMembership, trustAnchors } from './membership.js';

/** Name of a token, and of the one user of the bus that may enrol by it. */
export const tokenId = z.string().regex(/^[0-9a-f]{16}$/, 'must be 16 hexadecimal digits');
const keySeed = z.string().regex(/^SU[A-Z2-7]{56}$/, 'must be the seed of a user key of the bus');
const signatureText = z.string().regex(/^[A-Za-z0-9_-]{86}$/, 'must be an ed25519 signature in base64url');
const busUrls = z.array(z.string().regex(/^tls:\/\/[^\s/]{1,255}$/, 'must be tls://host:port')).min(1).max(8);
const certificateText = z.string().max(20_000).startsWith('-----BEGIN CERTIFICATE-----');
const userToken = z.string().max(4_000);

/**
 * What an operator carries to a new server: where the bus is, by which authority and keys the control plane is known, and the way in.
 * Safety: whoever has it may ask to be enrolled until it ends or is used up, and may do nothing else.
 */
export const enrolmentToken = z.object({ schema: z.literal('mailwarden/enrolment-token/v1'), id: tokenId, urls: busUrls, ca: certificateText, trust: trustAnchors, jwt: userToken, seed: keySeed, expiresAt: instant });
export type EnrolmentToken = z.output<typeof enrolmentToken>;

/** A server that asks to be taken in, with the public halves of the keys that it has made for itself. */
export const enrolmentRequest = z.object({
  schema: z.literal('mailwarden/enrolment-request/v1'),
  token: tokenId,
  server: serverName,
  /** Products that were found on the host; empty where the token is to say them. */
  profiles: z.array(profileId).max(20),
  agentKey: publicKey,
  executorKey: publicKey,
  busKey,
  /** X25519 key, of this request alone, that the answer's secret is sealed for. */
  sealingKey: publicKey,
  at: instant,
});
export type EnrolmentRequest = z.output<typeof enrolmentRequest>;
/** Signed by the token's key and by each key that it brings: nobody enrols what is not theirs. */
export const signedEnrolmentRequest = z.object({ payload: enrolmentRequest, signatures: z.object({ token: signatureText, agent: signatureText, executor: signatureText, bus: signatureText }) });

const credential = { jwt: userToken, until: instant, urls: busUrls, ca: certificateText };
/** The reporting service's word on one request; `agentKey` says on whose. */
export const enrolmentAnswer = z.object({
  schema: z.literal('mailwarden/enrolment-answer/v1'),
  token: tokenId,
  server: serverName,
  agentKey: publicKey,
  at: instant,
  outcome: z.discriminatedUnion('state', [
    /** `hashKey`: the installation's key for hashing names, sealed for the request's key, in base64url. */
    z.object({ state: z.literal('enrolled'), membership: signedMembership, ...credential, hashKey: z.string().max(400) }),
    z.object({ state: z.literal('waiting'), detail: sentence }),
    z.object({ state: z.literal('refused'), code: slug, detail: sentence }),
  ]),
});
export type EnrolmentAnswer = z.output<typeof enrolmentAnswer>;
export type EnrolmentOutcome = EnrolmentAnswer['outcome'];
const signed = <T extends z.ZodType>(payload: T) => z.object({ payload, keyId: z.string().regex(/^[0-9a-f]{16}$/), signature: signatureText });
export const signedEnrolmentAnswer = signed(enrolmentAnswer);

/** An agent that wants a new credential before its own ends, for a key that it has made. Travels in an envelope of its own. */
export const credentialRequest = z.object({ schema: z.literal('mailwarden/credential-request/v1'), server: serverName, busKey, at: instant, /** By the new key, over the other members. */ proof: signatureText });
export type CredentialRequest = z.output<typeof credentialRequest>;
export const credentialAnswer = z.object({ schema: z.literal('mailwarden/credential-answer/v1'), server: serverName, busKey, at: instant, ...credential });
export type CredentialAnswer = z.output<typeof credentialAnswer>;
export const signedCredentialAnswer = signed(credentialAnswer);

/** How far the time of a request may be from the clock of who answers it, both ways. Units: milliseconds. */
export const ENROLMENT_SKEW_MS_MAX = 300_000;
/** Bounds of a token. Units: servers, seconds. */
export const TOKEN_USES_MAX = 10_000;
export const TOKEN_LIFE_S = { min: 60, max: 30 * 86_400 } as const;

/** IPv4 or IPv6 address, or range of them. */
const addressRange = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], { error: 'must be an address, or a range as 10.20.0.0/16' });
/** What an operator says of a token. `replaces` names the server whose place the new one takes, under its own or another name. */
export const tokenTerms = z.object({
  uses: z.number().int().min(1).max(TOKEN_USES_MAX),
  lifeSeconds: z.number().int().min(TOKEN_LIFE_S.min).max(TOKEN_LIFE_S.max),
  labels,
  /** Empty: those of the products that are found on the host. */
  profiles: z.array(profileId).max(20),
  addresses: z.array(addressRange).max(20),
  approval: z.boolean(),
  replaces: serverName.nullable(),
});
export type TokenTerms = z.output<typeof tokenTerms>;
export const tokenView = tokenTerms.omit({ lifeSeconds: true }).extend({ id: tokenId, used: z.number().int().min(0), madeBy: z.string().max(120), madeAt: instant, expiresAt: instant, state: z.enum(['open', 'used-up', 'expired', 'withdrawn']) });
export type TokenView = z.output<typeof tokenView>;
/** A request that waits for a person. `address` is where it came from, as the broker saw it. */
export const waitingServer = z.object({ id: uuid, token: tokenId, server: serverName, address: z.string().max(80), agentKeyId: z.string().max(16), askedAt: instant });
export type WaitingServer = z.output<typeof waitingServer>;
export const enrolmentView = z.object({ tokens: z.array(tokenView), waiting: z.array(waitingServer) });
export type EnrolmentView = z.output<typeof enrolmentView>;
/** Why a server is taken out of the fleet: `revoked` where its keys may be in other hands. */
export const REMOVAL_CAUSES = ['revoked', 'retired'] as const;
export const removalBody = z.object({ cause: z.enum(REMOVAL_CAUSES), reason: sentence.min(1) });
