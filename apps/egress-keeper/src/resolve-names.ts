import { Resolver } from 'node:dns/promises';

/** A name server that says nothing is asked again by the next round. Units: milliseconds. */
const ANSWER_MS_MAX = 2_000;
const TRIES = 1;
/** Where names are asked when the host names nobody. Source: resolv.conf(5). */
const LOCAL = '127.0.0.1';

/** Answers nobody gave are told apart from an answer that there is none. */
export interface ResolvedName {
  readonly name: string;
  readonly addresses: readonly string[];
  /** Why it has no address; null where it has one. */
  readonly trouble: string | null;
  /** False where a name server gave no answer for one of the families. */
  readonly isWhole: boolean;
}

/** Answers that there is none. Source: c-ares, ares_query(3). */
const NONE: ReadonlySet<string> = new Set(['ENODATA', 'ENOTFOUND']);

async function askBoth(resolver: Resolver, name: string): Promise<Omit<ResolvedName, 'name'>> {
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const codes = answers.flatMap((answer) => (answer.status === 'rejected' ? [String((answer.reason as { code?: unknown }).code ?? 'unknown')] : []));
  return { addresses, trouble: addresses.length > 0 ? null : (codes[0] ?? 'no address'), isWhole: addresses.length > 0 && codes.every((code) => NONE.has(code)) };
}

/** Resolves names by the host's own file and its name servers, IPv4 and IPv6. Never rejects. */
export function resolveNames(names: readonly string[], { resolvers, hosts }: { readonly resolvers: readonly string[]; readonly hosts: ReadonlyMap<string, readonly string[]> }): Promise<ResolvedName[]> {
  const resolver = new Resolver({ timeout: ANSWER_MS_MAX, tries: TRIES });
  resolver.setServers(resolvers.length === 0 ? [LOCAL] : resolvers);
  return Promise.all(
    [...new Set(names)].map(async (name) => {
      const own = hosts.get(name.toLowerCase());
      return own === undefined ? { name, ...(await askBoth(resolver, name)) } : { name, addresses: own, trouble: null, isWhole: true };
    }),
  );
}
