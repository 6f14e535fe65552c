import { existsSync, readFileSync } from 'node:fs';

const MODERN = '/etc/apt/sources.list.d/debian.sources';
const CLASSIC = '/etc/apt/sources.list';

/** Where the machine's own apt gets Debian from, for one release: the text of a `.sources` file. Errors: why there is none. No place is named here: what the machine uses is used. */
export function debianSource(suite: string, read: (path: string) => string | undefined = contentOf): string | Error {
  const mirror = modernMirror(read(MODERN) ?? '') ?? classicMirror(read(CLASSIC) ?? '');
  if (mirror === undefined) return new Error(`neither ${MODERN} nor ${CLASSIC} says where Debian's packages come from`);
  return `Types: deb\nURIs: ${mirror}\nSuites: ${suite}\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`;
}

const contentOf = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
const modernMirror = (text: string): string | undefined => /^URIs:[ \t]*(\S+)/m.exec(text)?.[1];
const classicMirror = (text: string): string | undefined => /^deb[ \t]+(?:\[[^\]]*\][ \t]+)?(\S+)/m.exec(text)?.[1];
