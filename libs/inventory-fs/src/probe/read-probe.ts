import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Probe, Reading } from '@mailwarden/catalogue';
import { known, unknown, type Measured } from '@mailwarden/kernel';
import { connectProduct, readValue, troubleOf } from '@mailwarden/product-database';
import { hostFileExists, readHostFile, type Host } from '../host.js';
import { FILE_FORMATS, textOf } from './file-formats.js';
import { serviceCoreLimit, serviceStartedAt } from './process-facts.js';
import { runCommand } from './run-command.js';

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
  const client = await connectProduct(database, host.settings, host.rootPath);
  if (!client.ok) return unknown(client.error);
  try {
    const value = await readValue(client.value, query);
    return value === null ? unknown('the query gave no row') : known(shortened(value), `database ${database.name}`);
  } catch (cause) {
    return unknown(`the query failed: ${troubleOf(cause)}`);
  } finally {
    await client.value.end();
  }
}

function sysctl(name: string): Measured<string> {
  try {
    return known(readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim().slice(0, TEXT_MAX), `sysctl ${name}`);
  } catch (cause) {
    return unknown((cause as NodeJS.ErrnoException).code === 'EACCES' ? `${name} may not be read` : `the kernel shows no ${name}`);
  }
}

function firstLine(output: string): string {
  return shortened((output.split('\n', 1)[0] ?? '').trim());
}

async function command(host: Host, probe: Extract<Probe, { kind: 'command' }>): Promise<Measured<string>> {
  if (host.rootPath !== '/') return unknown('commands are not run for a root that is not this host');
  const output = await runCommand(probe.command, probe.timeoutSeconds);
  if (!output.known) return output;
  const value = probe.parser === 'first-line' ? firstLine(output.value) : FILE_FORMATS['key-value'](output.value, probe.key ?? '');
  return value === undefined ? unknown(`the output has no ${probe.key ?? 'value'}`) : known(shortened(value), output.source);
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
      if ('unit' in probe.by) return unknown('units are not read yet');
      return probe.value === 'started-at' ? serviceStartedAt(host, probe.by.pidFile) : serviceCoreLimit(host, probe.by.pidFile);
    case 'package':
      return unknown('packages are not read yet');
    case 'sysctl':
      return sysctl(probe.name);
  }
}

/** What every reader of an observation takes: names in a profile may be longer together than a sentence is. */
const told = <T>(value: Measured<T>): Measured<T> => (value.known ? known(value.value, shortened(value.source ?? '', SOURCE_MAX)) : unknown(shortened(value.reason, REASON_MAX)));

function meaningOf(value: string, { values }: Reading): string | undefined {
  if (values === null) return value;
  return Object.hasOwn(values, value) ? values[value] : undefined;
}

/** Reads a value by the first probe that yields one, and says what it means. Unknown is a value: it comes with the first probe's reason. */
export async function readReading(host: Host, reading: Reading): Promise<Measured<string>> {
  let failed: Measured<string> | null = null;
  for (const probe of reading.probes) {
    const value = told(await readProbe(host, probe));
    if (value.known) {
      const meant = meaningOf(value.value, reading);
      return meant === undefined ? unknown(`the value "${shortened(value.value, SHOWN_MAX)}" has no known meaning`) : known(meant, value.source);
    }
    failed ??= value;
  }
  return failed ?? unknown('the profile has no probe for it');
}

/** A number with its factor, as bytes or records. Nothing is no limit, and neither is zero: products write it for "without end" as well, and nobody may take it for "delete all". */
export async function readQuantity(host: Host, reading: Reading): Promise<Measured<{ value: number; written: string }>> {
  const text = await readReading(host, reading);
  if (!text.known) return text;
  const written = text.value.trim();
  const shown = `"${shortened(written, SHOWN_MAX)}"`;
  if (!NUMBER.test(written)) return unknown(`${shown} is not a number`);
  const value = Math.round(Number(written) * reading.factor);
  if (value === 0) return unknown(`${shown} is no limit`);
  return value <= Number.MAX_SAFE_INTEGER ? known({ value, written }, text.source) : unknown(`${shown} is beyond all measure`);
}
