/** What a route's path wants filled in, and what comes after the question mark. Empty values are left out. */
export interface AddressParts {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | undefined>>;
}

export const API_PREFIX = '/api/v1';

/** Address of a call. Safety: every part is encoded, so no name can change the path. */
export function addressOf(path: string, { params = {}, query = {} }: AddressParts = {}): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== '') search.set(name, value);
  const text = search.toString();
  return `${API_PREFIX}${filled}${text === '' ? '' : `?${text}`}`;
}
