import { createHash } from 'node:crypto';
import type { Probe, Reading } from '@mailwarden/catalogue';
import { known, parseDuration, unknown, type Measured } from '@mailwarden/kernel';
import { openReader } from '@mailwarden/product-database';
import { hostFileExists, readHostFile, type Host } from '../host.js';
import { kernelSetting } from '../kernel/kernel-files.js';
import { kernelServes } from '../kernel/whose-kernel.js';
import { FILE_FORMATS, textOf } from './file-formats.js';
import { packageVersion } from './package-version.js';
import { serviceCoreLimit, serviceStartedAt } from './process-facts.js';
import { runCommand } from './run-command.js';
import { runsAs } from './runs-as.js';

const TEXT_MAX = 300;
const SHOWN_MAX = 60;
const REASON_MAX = 500;
const SOURCE_MAX = 200;
/** A number that a product writes; what reads as a number only to a program (`1e9`, `0x10`) is none. */
const NUMBER = /^\d{1,20}(?:\.\d{1,10})?$/;
/** Settings are the product's, and so is what stands in them: no half characters, no more than a message holds. */
const shortened = (text: string, length = TEXT_MAX): string => text.slice(0, length).toWellFormed();

const bytePath = (path: string): string => Buffer.from(path, 'utf8').toString('latin1');

function fileKey(host: Host, { file, format, key }: Extract<Probe, { kind: 'file-key' }>): Measured<string> {
  const read = readHostFile(host, bytePath(file));
  if (!read.ok) return unknown(`${file}: ${read.error}`);
  try {
    const value = FILE_FORMATS[format](textOf(read.value.bytes), key);
    return value === undefined ? unknown(`${file} has no key ${key}`) : known(shortened(value), `${file}, ${key}`);
  } catch {
    return unknown(`${file} is not readable as ${format}`);
  }
}

async function sql(host: Host, { database, query }: Extract<Probe, { kind: 'sql' }>): Promise<Measured<string>> {
  const reader = await openReader(database, host);
  if (!reader.ok) return unknown(reader.error);
  try {
    const value = await reader.value.value(query);
    if (!value.ok) return unknown(`the query failed: ${value.error}`);
    return value.value === null ? unknown('the query gave no row') : known(shortened(value.value), `database ${database.name}`);
  } finally {
    await reader.value.close();
  }
}

function sysctl(host: Host, name: string): Measured<string> {
  const served = kernelServes(host);
  if (!served.ok) return unknown(served.error);
  const value = kernelSetting(name);
  return value.ok ? known(shortened(value.value), `sysctl ${name}`) : unknown(`${name}: ${value.error}`);
}

function firstLine(output: string): string {
  return shortened((output.split('\n', 1)[0] ?? '').trim());
}

async function command(host: Host, probe: Extract<Probe, { kind: 'command' }>): Promise<Measured<string>> {
  if (host.rootPath !== '/') return unknown('commands are not run for a root that is not this host');
  const as = runsAs(host, probe);
  if (!as.known) return as;
  const output = await runCommand(probe.command, probe.timeoutSeconds, as.value);
  if (!output.known) return output;
  const value = parsed(output.value, probe);
  return value === undefined ? unknown(`the output has no ${probe.key ?? 'value'}`) : known(shortened(value), output.source);
}

function parsed(output: string, { parser, key }: Extract<Probe, { kind: 'command' }>): string | undefined {
  if (parser === 'first-line') return firstLine(output);
  try {
    return FILE_FORMATS[parser](textOf(Buffer.from(output)), key ?? '');
  } catch {
    return undefined; // It is not written as the profile says.
  }
}

async function readProbe(host: Host, probe: Probe): Promise<Measured<string>> {
  switch (probe.kind) {
    case 'file-key':
      return fileKey(host, probe);
    case 'file-hash': {
      const read = readHostFile(host, bytePath(probe.file));
      return read.ok ? known(createHash('sha256').update(read.value.bytes).digest('hex'), probe.file) : unknown(`${probe.file}: ${read.error}`);
    }
    case 'file-exists': {
      const exists = hostFileExists(host, bytePath(probe.file));
      return exists.ok ? known(exists.value ? 'yes' : 'no', probe.file) : unknown(`${probe.file}: ${exists.error}`);
    }
    case 'command':
      return command(host, probe);
    case 'sql':
      return sql(host, probe);
    case 'process':
      return probe.value === 'started-at' ? serviceStartedAt(host, probe.by) : serviceCoreLimit(host, probe.by);
    case 'package':
      return packageVersion(host, probe.name);
    case 'sysctl':
      return sysctl(host, probe.name);
  }
}

/** What every reader of an observation takes: names in a profile may be longer together than a sentence is. */
const told = <T>(value: Measured<T>): Measured<T> => (value.known ? known(value.value, shortened(value.source ?? '', SOURCE_MAX)) : unknown(shortened(value.reason, REASON_MAX)));

function meaningOf(value: string, { values }: Reading): string | undefined {
  if (values === null) return value;
  return Object.hasOwn(values, value) ? values[value] : undefined;
}

/** The value within the raw text: behind the first place of `after`, and before `until` where that follows. */
function cut(text: string, { after, until }: Reading): string | undefined {
  if (after === null && until === null) return text;
  const begin = after === null ? 0 : text.indexOf(after);
  if (begin === -1) return undefined;
  const rest = text.slice(begin + (after?.length ?? 0));
  const end = until === null ? -1 : rest.indexOf(until);
  return (end === -1 ? rest : rest.slice(0, end)).trim();
}

function within(raw: Measured<string>, reading: Reading): Measured<string> {
  if (!raw.known) return raw;
  const value = cut(raw.value, reading);
  return value === undefined ? unknown(`"${shortened(reading.after ?? '', SHOWN_MAX)}" does not stand in what was read`) : known(value, raw.source);
}

/** Reads a value by the first probe that yields one, and says what it means. Unknown is a value: it comes with the first probe's reason. */
export async function readReading(host: Host, reading: Reading): Promise<Measured<string>> {
  let failed: Measured<string> | null = null;
  for (const probe of reading.probes) {
    const value = within(told(await readProbe(host, probe)), reading);
    if (value.known) {
      const meant = meaningOf(value.value, reading);
      return meant === undefined ? unknown(`the value "${shortened(value.value, SHOWN_MAX)}" has no known meaning`) : known(meant, value.source);
    }
    failed ??= value;
  }
  return failed ?? unknown('the profile has no probe for it');
}

/** Sizes as programs of mail write them, counted in powers of 1024. Source: journald.conf(5), Dovecot's and Exim's settings. */
const SIZE = /^(\d{1,15}) ?([KMGT])(?:i?B)?$/;
const POWER: Readonly<Record<string, number>> = { K: 1, M: 2, G: 3, T: 4 };

/** What a product wrote with a unit of its own, in the units of the kind; undefined where it is none. */
function withUnit(written: string, kind: 'bytes' | 'records' | 'age'): number | undefined {
  if (kind === 'age') {
    const seconds = parseDuration(written);
    return seconds.ok ? seconds.value : undefined;
  }
  const [, number, unit = ''] = kind === 'bytes' ? (SIZE.exec(written) ?? []) : [];
  return number === undefined ? undefined : Number(number) * 1024 ** (POWER[unit] ?? 0);
}

/** A number with its factor, or with the product's own unit, as bytes, records or seconds. Nothing is no limit, and neither is zero: products write it for "without end" as well, and nobody may take it for "delete all". */
export async function readQuantity(host: Host, reading: Reading, kind: 'bytes' | 'records' | 'age' = 'records'): Promise<Measured<{ value: number; written: string }>> {
  const text = await readReading(host, reading);
  if (!text.known) return text;
  const written = text.value.trim();
  const shown = `"${shortened(written, SHOWN_MAX)}"`;
  const exact = withUnit(written, kind);
  if (exact === undefined && !NUMBER.test(written)) return unknown(`${shown} is not a number`);
  const value = exact ?? Math.round(Number(written) * reading.factor);
  if (value === 0) return unknown(`${shown} is no limit`);
  return value <= Number.MAX_SAFE_INTEGER ? known({ value, written }, text.source) : unknown(`${shown} is beyond all measure`);
}
