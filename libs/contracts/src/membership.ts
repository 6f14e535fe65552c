import { z } from 'zod';
import { instant, labels, profileId, serverName } from './primitives.js';

const publicKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be an ed25519 public key in base64url');

/** One server of the fleet and the keys its messages are checked against. Signed by the reporting service. */
export const membership = z.object({
  schema: z.literal('mailwarden/membership/v1'),
  server: serverName,
  labels,
  profiles: z.array(profileId).min(1).max(20),
  agentKey: publicKey,
  executorKey: publicKey,
  status: z.enum(['active', 'revoked']),
  since: instant,
});
export type Membership = z.output<typeof membership>;
export const signedMembership = z.object({ payload: membership, keyId: z.string().regex(/^[0-9a-f]{16}$/), signature: z.string().max(100) });
export type SignedMembership = z.output<typeof signedMembership>;

/** Public keys of the services, handed to every process at start: whose word counts for what. */
export const trustAnchors = z.object({
  schema: z.literal('mailwarden/trust/v1'),
  reporting: publicKey,
  rotation: publicKey,
  consent: publicKey,
});
export type TrustAnchors = z.output<typeof trustAnchors>;
