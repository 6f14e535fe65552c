/** Where to go after signing in. Safety: only a path of this console, so that no link can send a person elsewhere. */
export function returnPath(from: unknown): string {
  if (typeof from !== 'string' || !/^\/(?![/\\])/.test(from) || from.startsWith('/sign-in')) return '/';
  const base = 'http://console';
  const url = new URL(from, base);
  // Looked at again after dots and tabs were resolved, since those can bring two slashes together.
  return url.origin === base && !url.pathname.startsWith('//') ? `${url.pathname}${url.search}` : '/';
}

/** The one-time link's secret in a fragment such as `#link=TOKEN`. Null when there is none. */
export const linkIn = (fragment: string): string | null => new URLSearchParams(fragment.replace(/^#/, '')).get('link');
