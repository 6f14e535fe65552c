import { Resolver } from 'node:dns/promises';

/** A name server that says nothing is asked again by the next round. Units: milliseconds. */
const ANSWER_MS_MAX = 2_000;
const TRIES = 2;
/** How long an address counts, whatever its answer said: products keep what they once resolved. Units: seconds. */
const COUNTS_SECONDS_MIN = 3_600;
/** Addresses of a host's own file do not expire; they count until the next round at least. */
const OWN_SECONDS = 3_600;

export interface ResolvedAddress {
  readonly address: string;
  readonly seconds: number;
}

/** Answers nobody gave are told apart from an answer that there is none. */
export type ResolvedName = { readonly name: string; readonly addresses: readonly ResolvedAddress[]; readonly trouble: string | null };

async function askBoth(resolver: Resolver, name: string): Promise<{ readonly addresses: ResolvedAddress[]; readonly trouble: string | null }> {
  const answers = await Promise.allSettled([resolver.resolve4(name, { ttl: true }), resolver.resolve6(name, { ttl: true })]);
  const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value.map(({ address, ttl }) => ({ address, seconds: Math.max(ttl, COUNTS_SECONDS_MIN) })) : []));
  const failed = answers.find((answer) => answer.status === 'rejected');
  return { addresses, trouble: addresses.length > 0 || failed === undefined ? null : String((failed.reason as { code?: unknown }).code ?? 'unknown') };
}

/** Resolves names by the host's own file and its name servers, IPv4 and IPv6. Never rejects. */
export async function resolveNames(names: readonly string[], { resolvers, hosts }: { readonly resolvers: readonly string[]; readonly hosts: ReadonlyMap<string, readonly string[]> }): Promise<ResolvedName[]> {
  const resolver = new Resolver({ timeout: ANSWER_MS_MAX, tries: TRIES });
  resolver.setServers(resolvers);
  return Promise.all(
    [...new Set(names)].map(async (name) => {
      const own = hosts.get(name.toLowerCase());
      if (own !== undefined) return { name, addresses: own.map((address) => ({ address, seconds: OWN_SECONDS })), trouble: null };
      return { name, ...(await askBoth(resolver, name)) };
    }),
  );
}
