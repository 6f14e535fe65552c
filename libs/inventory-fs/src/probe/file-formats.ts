import { parse } from 'yaml';

/** One value of a settings file, or undefined when the key is not there. */
export type ReadKey = (text: string, key: string) => string | undefined;

const unquoted = (value: string): string => value.trim().replace(/^(["'])(.*)\1$/, '$2');

/** `KEY=value` or `KEY: value` lines; `#` and `;` begin a comment line. The last one counts, as products read them. */
const keyValue: ReadKey = (text, key) => {
  let found: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([^#;=:\s][^=:]*?)\s*[=:]\s*(.*)$/.exec(line);
    if (match?.[1] === key) found = unquoted(match[2] ?? '');
  }
  return found;
};

/** `section.key` of an INI file; a key without a section stands before the first one. */
const ini: ReadKey = (text, key) => {
  let section = '';
  let found: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[([^\]]+)\]\s*$/.exec(line);
    if (header?.[1] !== undefined) section = `${header[1].trim()}.`;
    const match = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*)$/.exec(line);
    if (match?.[1] !== undefined && section + match[1] === key) found = unquoted(match[2] ?? '');
  }
  return found;
};

function member(value: unknown, key: string): string | undefined {
  let current = value;
  for (const part of key.split('.')) {
    if (current === null || typeof current !== 'object' || !Object.hasOwn(current, part)) return undefined;
    current = (current as Record<string, unknown>)[part];
  }
  return typeof current === 'string' || typeof current === 'number' || typeof current === 'boolean' ? String(current) : undefined;
}

const json: ReadKey = (text, key) => member(JSON.parse(text), key);
const yaml: ReadKey = (text, key) => member(parse(text, { maxAliasCount: 0 }), key);

/** Text of the first element at a path of element names, `a.b.c`. Only plain elements: no namespaces, entities or CDATA are followed. */
const xml: ReadKey = (text, key) => {
  let inner = text;
  for (const part of key.split('.')) {
    const open = new RegExp(`<${part.replace(/[^\w-]/g, '')}(?:\\s[^<>]*)?>`).exec(inner);
    if (open === null) return undefined;
    const rest = inner.slice(open.index + open[0].length);
    const close = rest.indexOf(`</${part}>`);
    if (close === -1) return undefined;
    inner = rest.slice(0, close);
  }
  return inner.includes('<') ? undefined : inner.trim();
};

/** Readers by the profile's name of the format. */
export const FILE_FORMATS = { 'key-value': keyValue, ini, json, yaml, xml } as const satisfies Readonly<Record<string, ReadKey>>;
