import { z } from 'zod';
import { count, instant, measured, profileId, sentence, sha256Hex, slug } from './primitives.js';

/** Ports of mail: submission and relay, with and without TLS from the start. What goes to them or comes from them is never refused. Source: RFC 5321, RFC 8314. */
export const MAIL_PORTS: readonly number[] = [25, 465, 587];
/** A prefix with fewer bits is no endpoint but a good part of the Internet: whoever means everywhere says so. */
export const PREFIX_BITS_MIN = { 4: 8, 6: 16 } as const;
/** Name of a host, without wildcards. Source: RFC 1123, 2.1. */
export const HOST_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\.?$/i;

/** Where a flow goes: a host name, an address or a prefix, and ports. */
export const flowEndpoint = z.object({ host: z.string().min(1).max(253), ports: z.array(z.number().int().min(1).max(65_535)).max(100) });
export type FlowEndpoint = z.output<typeof flowEndpoint>;

/** What one policy says of one flow of one server. Each stands alone: a flow that any of them refuses is refused. */
export const transmissionRule = z.object({
  policy: slug,
  profile: profileId,
  flow: slug,
  /** `enforce`: the host's packet filter refuses the flow while consent does not cover it. */
  mode: z.enum(['observe', 'enforce']),
  /** True: refused unless every agreement that it needs is granted. False: refused only where one is refused, or its grant has ended. */
  failClosed: z.boolean(),
  /** Where nobody names endpoints of the flow: true lets the product's accounts send nothing but mail while it is refused. */
  everything: z.boolean(),
  /** Beside those of the profile. */
  endpoints: z.array(flowEndpoint).max(64),
  /** Until then the rule refuses nothing, whatever consent says. */
  liftedUntil: instant.nullable(),
});
export type TransmissionRule = z.output<typeof transmissionRule>;

/** One flow, as the packet filter of a host handles it and saw it. */
export const egressFlow = z.object({
  id: slug,
  effect: z.enum(['allowed', 'refused']),
  because: sentence,
  /** False where a policy would have it refused, and this host cannot: `because` says why. */
  enforced: z.boolean(),
  /** Where a policy that would refuse it is lifted for a time: until when. */
  liftedUntil: instant.nullable(),
  /** False where nobody says where it goes: then nothing of what was sent can be told to be of this flow. */
  located: z.boolean(),
  /** Packets that were refused since the filter was made. */
  refusedPackets: count,
  /** Distinct destinations of the last day that belong to it. */
  destinations: count,
  /** Those of them on ports where nothing is ever encrypted. */
  plaintextDestinations: count,
  lastAt: instant.nullable(),
});
export type EgressFlowObservation = z.output<typeof egressFlow>;

/** A destination that no flow of a profile declares. Privacy: the network that it lies in (/24 or /48), not the address. */
export const undeclaredDestination = z.object({
  network: z.string().max(60),
  protocol: z.string().max(20),
  port: z.number().int().min(0).max(65_535),
  packets: count,
  bytes: count,
  /** Whether nothing is ever encrypted on that port. */
  plaintext: z.boolean(),
  lastAt: instant,
});
export type UndeclaredDestination = z.output<typeof undeclaredDestination>;

const FLOWS_MAX = 50;
export const UNDECLARED_DESTINATIONS_MAX = 64;

/** What the packet filter does for one product's accounts, and what they sent. */
export const egressObservation = z.object({
  /** `stands`: as policy says; `failed`: it could not be made or looked at, and `trouble` says why. */
  filter: z.enum(['stands', 'failed']),
  trouble: sentence.nullable(),
  /** How often somebody else changed it and it was made anew, since its keeper started. */
  restored: count,
  flows: z.array(egressFlow).max(FLOWS_MAX),
  undeclared: z.array(undeclaredDestination).max(UNDECLARED_DESTINATIONS_MAX),
  /** Undeclared destinations that found no room above. */
  undeclaredMore: count,
  /** Distinct destinations that may be of any flow of which nobody says where it goes. */
  unlocated: count,
  /** Packets to destinations that the filter had no room to remember. Above zero, nothing here is complete. */
  overflowPackets: count,
});
export type EgressObservation = z.output<typeof egressObservation>;

/** What the agent tells the keeper of the packet filter: all that its plan follows from. The keeper believes of it what services signed, and of the agent which texts lie on the host. */
export const egressTask = z.object({
  schema: z.literal('mailwarden/egress-task/v1'),
  /** The signed bundle and consent entries, as they were received. */
  bundle: z.unknown(),
  entries: z.array(z.unknown()).max(200),
  /** Agreements by profile, with the hash of the text that lies there. */
  agreements: z.record(profileId, z.array(z.object({ id: slug, textSha256: measured(sha256Hex) })).max(50)),
});
export type EgressTask = z.output<typeof egressTask>;

/** What the keeper answers: what it applied, and what the filter saw. */
export const egressReport = z.object({
  schema: z.literal('mailwarden/egress-report/v1'),
  /** Version of the bundle and revision of each scope's entry that the filter stands by; null where it does not stand. */
  applied: z.object({ bundleVersion: count, revisions: z.record(z.string().max(140), count) }).nullable(),
  profiles: z.record(profileId, egressObservation),
  /** What of the task was refused, in words. */
  refused: z.array(sentence).max(210),
});
export type EgressReport = z.output<typeof egressReport>;
