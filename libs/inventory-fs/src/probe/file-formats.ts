import { parseDocument } from 'yaml';
import { ini, keyValue, words } from './line-formats.js';
import { xml } from './xml-format.js';

/** One value of a settings file, or undefined when the key is not there. Errors: throws when the file is not of the format. */
export type ReadKey = (text: string, key: string) => string | undefined;

/** What a reader of YAML does with a larger file takes longer than a setting is worth. Units: characters. */
const YAML_LENGTH_MAX = 262_144;

function member(value: unknown, key: string): string | undefined {
  let current = value;
  for (const part of key.split('.')) {
    if (current === null || typeof current !== 'object' || !Object.hasOwn(current, part)) return undefined;
    current = (current as Record<string, unknown>)[part];
  }
  return typeof current === 'string' || typeof current === 'number' || typeof current === 'boolean' ? String(current) : undefined;
}

const json: ReadKey = (text, key) => member(JSON.parse(text), key);

/** Aliases are refused: a small file could mean something huge. The reader's own look for keys that stand twice takes a time that grows with the square of the keys; the last one counts, as in JSON. */
const yaml: ReadKey = (text, key) => {
  if (text.length > YAML_LENGTH_MAX) throw new RangeError('too long');
  const document = parseDocument(text, { uniqueKeys: false, merge: false, schema: 'core', logLevel: 'silent' });
  const [problem] = document.errors;
  if (problem !== undefined) throw problem;
  return member(document.toJS({ maxAliasCount: 0 }), key);
};

/** Readers by the profile's name of the format. */
export const FILE_FORMATS = { 'key-value': keyValue, words, ini, json, yaml, xml } as const satisfies Readonly<Record<string, ReadKey>>;

const NUL = '\0';
const BYTE_ORDER_MARK = /^\uFEFF/;

/** Text of a settings file, without a byte order mark. Errors: throws when it is none, as a binary file or one of two-byte characters. */
export function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (text.includes(NUL)) throw new SyntaxError('not text');
  return text.replace(BYTE_ORDER_MARK, '');
}
