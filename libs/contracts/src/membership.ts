import { z } from 'zod';
import { instant, labels, profileId, serverName } from './primitives.js';

export const publicKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be a public key in base64url');
/** Public half of the key that a user of the bus proves itself by. */
export const busKey = z.string().regex(/^U[A-Z2-7]{55}$/, 'must be the public half of a user key of the bus');
/** Keys of one server's agent that the bus still knows or has shut out, at most. */
export const BUS_KEYS_MAX = 50;

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
  /** By which keys its agent may enter the bus, and by which no longer; absent for a server that the runtime itself gave its credential. */
  bus: z.object({ keys: z.array(busKey).max(BUS_KEYS_MAX), revoked: z.array(busKey).max(BUS_KEYS_MAX) }).optional(),
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
