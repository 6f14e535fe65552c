import { z } from 'zod';

const path = z.string().min(1).max(400);

const processValue = z.enum(['started-at', 'core-limit']);

export const fileKeyForm = z.strictObject({ file: path, format: z.enum(['key-value', 'words', 'ini', 'xml', 'json', 'yaml']), key: z.string().min(1).max(200) });

/** Ways to read one value on a host. There is no shell, and no variable is put into a probe. */
export const probeForm = z.union([
  z.strictObject({ 'file-key': fileKeyForm }).describe('One value of a settings file: `file`, `format` (`key-value`, `words` for lines as `Key value`, `ini`, `xml`, `json` or `yaml`) and `key`. Of XML the key begins with the root element; members of XML, JSON and YAML are joined by dots'),
  z.strictObject({ 'file-hash': path }).describe('SHA-256 of a file'),
  z.strictObject({ 'file-exists': path }).describe('`yes` or `no`'),
  z
    .strictObject({ command: z.array(z.string().max(200)).min(1).max(20), parser: z.enum(['first-line', 'key-value', 'json']), key: z.string().nullable(), timeout: z.string(), account: z.string().min(1).max(64).optional() })
    .describe('Output of a program, named by its absolute path with fixed arguments, read by a `parser` (`first-line`, or `key-value` or `json` with a `key`) within a `timeout`. A program that loads what the product may write is none; one of which that is not known runs as an `account` of the profile, where root measures, and is not asked elsewhere'),
  z.strictObject({ sql: z.strictObject({ database: z.string(), query: z.string().max(1000) }) }).describe("First value of one `SELECT` in one of the product's databases"),
  z
    .strictObject({ process: z.union([z.strictObject({ 'pid-file': path, value: processValue }), z.strictObject({ unit: z.string().regex(/^[a-zA-Z0-9@._-]{1,100}\.service$/, 'must be a unit, as postfix.service'), value: processValue })]) })
    .describe('Start (`started-at`) or core limit (`core-limit`) of the process that a `pid-file` names, or of the main process of a `unit` of systemd'),
  z.strictObject({ package: z.string().regex(/^[a-z0-9][a-z0-9+.-]{0,100}$/, 'must be a package, as postfix') }).describe("Version of an installed package, without the distribution's own suffix, from the records of dpkg or rpm"),
  z.strictObject({ sysctl: z.string().regex(/^[a-z0-9_.]{1,80}$/, 'must be a kernel setting, as kernel.core_pattern') }).describe('A kernel setting, as `kernel.core_pattern`'),
]);
export type ProbeForm = z.output<typeof probeForm>;

export const readingForm = z.strictObject({
  from: z.array(probeForm).min(1).max(8).describe('Probes in order; the first that yields a value counts'),
  values: z.record(z.string(), z.string()).optional().describe('Raw text to meaning, as `{ "1": "on" }`; any other text is then unknown'),
  after: z.string().min(1).max(60).optional().describe('The value begins behind the first place of this text'),
  until: z.string().min(1).max(60).optional().describe('The value ends before this text'),
  factor: z.number().positive().optional().describe('Factor from the raw number to bytes or records'),
  source: z.string().min(1).max(60).optional().describe('Key of a page in `sources`'),
});
export type ReadingForm = z.output<typeof readingForm>;
