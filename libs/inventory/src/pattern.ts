/**
 * A path as its bytes, one character for each byte (Latin-1): names on disk are bytes, and three different names must never become one.
 */
export type BytePath = string;

/** Which paths a store's globs take in. `**` stands for any depth, `*` and `?` stay within one component. */
export interface PatternSet {
  matches(path: BytePath): boolean;
  /** Folders to walk from: the fixed beginning of each glob, none inside another. */
  readonly roots: readonly BytePath[];
  /** True for a folder that is the store's own, because a glob takes in all that lies below it. A folder that others share is none. */
  ownsFolder(path: BytePath): boolean;
  /** True for a folder in which, at any depth, something could be that a glob takes in. */
  mayHold(path: BytePath): boolean;
}

const toBytes = (text: string): BytePath => Buffer.from(text, 'utf8').toString('latin1');
const escaped = (literal: string): string => literal.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);

function component(glob: string): string {
  return [...glob].map((character) => (character === '*' ? '[^/]*' : character === '?' ? '[^/]' : escaped(character))).join('');
}

function expression(glob: BytePath): string {
  const parts = glob.split('/').slice(1);
  let source = '';
  parts.forEach((part, index) => {
    const last = index === parts.length - 1;
    if (part === '**') source += last ? String.raw`\/[\s\S]+` : String.raw`(?:\/[^/]+)*`;
    else source += String.raw`\/${component(part)}`;
  });
  return source;
}

/** Folders that lead to what a glob takes in, the host's root among them as an empty path. */
function leading(glob: BytePath): string[] {
  const parts = glob.split('/').slice(1);
  const anyDepth = parts.indexOf('**');
  const ways = parts.slice(0, anyDepth === -1 ? parts.length : anyDepth + 1).map((_part, index) => parts.slice(0, index).map((part) => String.raw`\/${component(part)}`).join(''));
  return anyDepth === -1 ? ways : [...ways.slice(0, -1), String.raw`${ways.at(-1) ?? ''}(?:\/[\s\S]+)?`];
}

function fixedFolder(glob: BytePath): BytePath {
  const parts = glob.split('/');
  const firstWild = parts.findIndex((part) => /[*?]/.test(part));
  return parts.slice(0, firstWild === -1 ? parts.length - 1 : firstWild).join('/') || '/';
}

/** True for the folder itself and whatever lies below it. */
export const isInside = (path: BytePath, folder: BytePath): boolean => folder === '/' || path === folder || path.startsWith(`${folder}/`);

/** Folders of a list that lie in no other of it, each once. */
export function outermost(folders: readonly BytePath[]): BytePath[] {
  const sorted = [...new Set(folders)].sort((a, b) => a.length - b.length);
  return sorted.filter((folder, index) => !sorted.slice(0, index).some((outer) => isInside(folder, outer)));
}

/** Whatever takes in all of a folder takes in these too, and nothing that asks for a letter does. One of each length, since `?` asks for a length. */
function namesThatCannotOccur(globs: readonly BytePath[]): string[] {
  const longest = Math.max(...globs.map((glob) => (glob.split('/').at(-1) ?? '').replaceAll(/[^?]/g, '').length));
  return Array.from({ length: longest + 1 }, (_, index) => '\0'.repeat(index + 1));
}

/** Globs are absolute below the host's root, in the file's UTF-8. */
export function compilePatterns(globs: readonly string[]): PatternSet {
  const bytes = globs.map(toBytes);
  const roots = outermost(bytes.map(fixedFolder));
  if (bytes.length === 0) return { matches: () => false, ownsFolder: () => false, mayHold: () => false, roots };
  const pattern = new RegExp(`^(?:${bytes.map(expression).join('|')})$`);
  const way = new RegExp(`^(?:${bytes.flatMap(leading).join('|')})$`);
  const anyNames = namesThatCannotOccur(bytes);
  return { matches: (path) => pattern.test(path), ownsFolder: (path) => anyNames.every((name) => pattern.test(`${path}/${name}`)), mayHold: (path) => way.test(path === '/' ? '' : path), roots };
}
