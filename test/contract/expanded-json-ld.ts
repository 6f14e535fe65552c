/** What a JSON-LD document says once its prefixes are resolved: every term by its full name, and nodes as maps from full names to values. */
export interface Expanded {
  /** Full names of properties, types, datatypes and named things, literals and identifiers of nodes left out. */
  readonly terms: ReadonlySet<string>;
  readonly root: ExpandedNode;
}
export type ExpandedNode = ReadonlyMap<string, readonly (string | ExpandedNode)[]>;

const KEYWORDS = new Set(['@id', '@type', '@value']);

/**
 * Resolves a document by its own context, as far as records use JSON-LD: prefixes, keywords, nested nodes, typed values.
 * Errors: throws on a key or name that the context does not resolve, since an expansion would drop it without a word.
 */
export function expanded(document: object): Expanded {
  const context = (document as { '@context'?: Record<string, string> })['@context'] ?? {};
  const terms = new Set<string>();
  const full = (name: string): string => {
    const [prefix = '', ...rest] = name.split(':');
    const namespace = Object.hasOwn(context, prefix) ? context[prefix] : undefined;
    if (namespace === undefined || rest.length === 0) throw new Error(`the context does not resolve ${name}`);
    const resolved = `${namespace}${rest.join(':')}`;
    terms.add(resolved);
    return resolved;
  };
  const identifier = (id: string): string => (id.startsWith('urn:uuid:') ? id : full(id));
  const valueOf = (value: unknown): string | ExpandedNode => (typeof value === 'string' ? value : nodeOf(value as Record<string, unknown>));
  const nodeOf = (node: Record<string, unknown>): ExpandedNode => new Map(Object.entries(node).flatMap(([key, value]): [string, (string | ExpandedNode)[]][] => {
    const values = [value].flat();
    if (key === '@context') return [];
    if (key === '@id') return [[key, (values as string[]).map(identifier)]];
    if (key === '@type') return [[key, (values as string[]).map(full)]];
    return [[KEYWORDS.has(key) ? key : full(key), values.map(valueOf)]];
  }));
  return { root: nodeOf(document as Record<string, unknown>), terms };
}
