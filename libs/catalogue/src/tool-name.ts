/**
 * What a part of a name may be made of before it is handed to a program that runs as root.
 * Safety: each alphabet is closed, ends where a name of its kind ends, and has no first character that begins an option, a wildcard, a bracket or a path.
 */
export const ALPHABETS = {
  'postfix-queue-id': { meaning: 'as `3A93A2142E2`', pattern: /^[0-9A-Za-z]{6,30}$/ },
  'exim-message-id': { meaning: 'as `1xW4T2-00005A-33`', pattern: /^(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{6}-[0-9A-Za-z]{11}-[0-9A-Za-z]{4})$/ },
  'maildir-name': { meaning: 'a file of a Maildir before its flags, as `1795580336.M596144P438.mx,S=1086`', pattern: /^[0-9]{1,20}\.[0-9A-Za-z][0-9A-Za-z._,=+-]{0,180}$/ },
  account: { meaning: 'an account of the system, as `anna`', pattern: /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/ },
  domain: { meaning: 'as `example.org`', pattern: /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/ },
  mailbox: { meaning: 'a folder of letters, as `Trash`', pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/ },
  number: { meaning: 'digits', pattern: /^[0-9]{1,18}$/ },
} as const;
export type Alphabet = keyof typeof ALPHABETS;

export type NameParts = Readonly<Record<string, string>>;

/** `${name}` is a variable of the profile, and no part. */
const PLACE = /(?<!\$)\{([a-z][a-z-]*)\}/;
const EVERY_PLACE = /(?<!\$)\{([a-z][a-z-]*)\}/g;

/** Parts that a text asks for. */
export const partsIn = (text: string): string[] => [...text.matchAll(EVERY_PLACE)].map((match) => match[1] ?? '');

/** A text with its parts filled in. Errors: throws for a part that is not given, which the lint of the profile refuses. */
export const filledWith = (text: string, parts: NameParts): string =>
  text.replaceAll(EVERY_PLACE, (_place, name: string) => {
    const value = parts[name];
    if (value === undefined) throw new Error(`the part ${name} is not given`);
    return value;
  });

/** What one component of a path says by one component of a pattern: `{name}`, with text before and behind it; a `*` at the end stands for the rest. Null where it does not fit. */
function component(pattern: string, text: string, alphabets: Readonly<Record<string, Alphabet>>): NameParts | null {
  const open = pattern.endsWith('*');
  const plain = open ? pattern.slice(0, -1) : pattern;
  const place = PLACE.exec(plain);
  if (place === null) return (open ? text.startsWith(plain) : text === plain) ? {} : null;
  const [before, name, behind] = [plain.slice(0, place.index), place[1] ?? '', plain.slice(place.index + place[0].length)];
  if (!text.startsWith(before)) return null;
  const rest = text.slice(before.length);
  const end = behind === '' ? rest.length : open ? rest.indexOf(behind) : rest.endsWith(behind) ? rest.length - behind.length : -1;
  const value = end === -1 ? '' : rest.slice(0, end);
  const alphabet = alphabets[name];
  return alphabet !== undefined && ALPHABETS[alphabet].pattern.test(value) ? { [name]: value } : null;
}

function pathParts(pattern: readonly string[], path: readonly string[], alphabets: Readonly<Record<string, Alphabet>>): NameParts | null {
  const [first, ...rest] = pattern;
  if (first === undefined) return path.length === 0 ? {} : null;
  if (first === '**') {
    for (let skipped = 0; skipped <= path.length; skipped += 1) {
      const found = pathParts(rest, path.slice(skipped), alphabets);
      if (found !== null) return found;
    }
    return null;
  }
  const own = path[0] === undefined ? null : component(first, path[0], alphabets);
  const others = own === null ? null : pathParts(rest, path.slice(1), alphabets);
  return own === null || others === null ? null : { ...others, ...own };
}

/** What a tool calls the file at a path; null where no pattern fits or a part is not of its alphabet: such a name is never handed to a program. */
export function namePartsOf(path: string, names: { readonly files: readonly string[]; readonly parts: Readonly<Record<string, Alphabet>> }): NameParts | null {
  const components = path.split('/');
  for (const pattern of names.files) {
    const found = pathParts(pattern.split('/'), components, names.parts);
    if (found !== null) return found;
  }
  return null;
}
