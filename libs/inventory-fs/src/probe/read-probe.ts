import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Probe, Reading } from '@mailwarden/catalogue';
import { known, unknown, type Measured } from '@mailwarden/kernel';
import { connectProduct, readValue } from '@mailwarden/product-database';
import { readHostFile, type Host } from '../host.js';
import { FILE_FORMATS } from './file-formats.js';
import { serviceCoreLimit, serviceStartedAt } from './process-facts.js';
import { runCommand } from './run-command.js';

const TEXT_MAX = 300;
const bytePath = (path: string): string => Buffer.from(path, 'utf8').toString('latin1');

function fileKey(host: Host, { file, format, key }: Extract<Probe, { kind: 'file-key' }>): Measured<string> {
  const read = readHostFile(host, bytePath(file));
  if (!read.ok) return unknown(`${file}: ${read.error}`);
  try {
    const value = FILE_FORMATS[format](read.value.bytes.toString('utf8'), key);
    return value === undefined ? unknown(`${file} has no key ${key}`) : known(value.slice(0, TEXT_MAX), `${file}, ${key}`);
  } catch {
    return unknown(`${file} is not readable as ${format}`);
  }
}

async function sql(host: Host, { database, query }: Extract<Probe, { kind: 'sql' }>): Promise<Measured<string>> {
  const client = await connectProduct(database, host.settings, host.rootPath);
  if (!client.ok) return unknown(client.error);
  try {
    const value = await readValue(client.value, query);
    return value === null ? unknown('the query gave no row') : known(value.slice(0, TEXT_MAX), `database ${database.name}`);
  } catch (cause) {
    return unknown(`the query failed (${(cause as { code?: string }).code ?? 'no code'})`);
  } finally {
    await client.value.end();
  }
}

function sysctl(name: string): Measured<string> {
  try {
    return known(readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim().slice(0, TEXT_MAX), `sysctl ${name}`);
  } catch {
    return unknown(`the kernel shows no ${name}`);
  }
}

function firstLine(output: string): string {
  return (output.split('\n')[0] ?? '').trim().slice(0, TEXT_MAX);
}

async function command(host: Host, probe: Extract<Probe, { kind: 'command' }>): Promise<Measured<string>> {
  if (host.rootPath !== '/') return unknown('commands are not run for a root that is not this host');
  const output = await runCommand(probe.command, probe.timeoutSeconds);
  if (!output.known) return output;
  const value = probe.parser === 'first-line' ? firstLine(output.value) : FILE_FORMATS['key-value'](output.value, probe.key ?? '');
  return value === undefined ? unknown(`the output has no ${probe.key ?? 'value'}`) : known(value, output.source);
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
      const read = readHostFile(host, bytePath(probe.file));
      return known(read.ok ? 'yes' : 'no', probe.file);
    }
    case 'command':
      return command(host, probe);
    case 'sql':
      return sql(host, probe);
    case 'process':
      return probe.value === 'started-at' ? serviceStartedAt(host, probe.pidFile) : serviceCoreLimit(host, probe.pidFile);
    case 'sysctl':
      return sysctl(probe.name);
  }
}

/** Reads a value by the first probe that yields one, and says what it means. Unknown is a value: it comes with the first probe's reason. */
export async function readReading(host: Host, reading: Reading): Promise<Measured<string>> {
  let failed: Measured<string> | null = null;
  for (const probe of reading.probes) {
    const value = await readProbe(host, probe);
    if (value.known) {
      const meant = reading.values === null ? value.value : reading.values[value.value];
      return meant === undefined ? unknown(`the value "${value.value.slice(0, 60)}" has no known meaning`) : known(meant, value.source);
    }
    failed ??= value;
  }
  return failed ?? unknown('the profile has no probe for it');
}

/** A number with its factor, as bytes or records. */
export async function readQuantity(host: Host, reading: Reading): Promise<Measured<{ value: number; written: string }>> {
  const text = await readReading(host, reading);
  if (!text.known) return text;
  const number = Number(text.value);
  return Number.isFinite(number) && number >= 0 && text.value.trim() !== '' ? known({ value: Math.round(number * reading.factor), written: text.value }, text.source) : unknown(`"${text.value.slice(0, 60)}" is not a number`);
}
