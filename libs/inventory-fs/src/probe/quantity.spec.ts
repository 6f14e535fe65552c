import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Reading } from '@mailwarden/catalogue';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withHost } from '../host.js';
import { readQuantity, readReading } from './read-probe.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-quantity-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const reading = (format: 'words' | 'key-value', key: string): Reading => ({ probes: [{ kind: 'file-key', file: '/x.conf', format, key }], values: null, after: null, until: null, factor: 1, source: null });
const quantity = async (value: string, kind: 'bytes' | 'records' | 'age') => {
  writeFileSync(join(root, 'x.conf'), `limit = ${value}\n`);
  const read = await withHost(root, { databases: {} }, (host) => readQuantity(host, reading('key-value', 'limit'), kind));
  return read.known ? read.value.value : read.reason;
};

describe('a limit as a product writes it', () => {
  it('is an age with a unit, and nothing else with one', async () => {
    expect(await quantity('5d', 'age')).toBe(432_000);
    expect(await quantity('30 days', 'age')).toBe(2_592_000);
    expect(await quantity('1w', 'age')).toBe(604_800);
    expect(await quantity('90', 'age')).toBe(90);
    expect(await quantity('0s', 'age')).toBe('"0s" is no limit');
    expect(await quantity('5d', 'records')).toBe('"5d" is not a number');
    expect(await quantity('soon', 'age')).toBe('"soon" is not a number');
  });

  it('is a size in powers of 1024', async () => {
    expect(await quantity('4G', 'bytes')).toBe(4 * 1024 ** 3);
    expect(await quantity('32 K', 'bytes')).toBe(32_768);
    expect(await quantity('10MiB', 'bytes')).toBe(10 * 1024 ** 2);
    expect(await quantity('1048576', 'bytes')).toBe(1_048_576);
    expect(await quantity('999999999999T', 'bytes')).toMatch(/beyond all measure/);
    expect(await quantity('10%', 'bytes')).toBe('"10%" is not a number');
  });
});

describe('lines as `Key value`', () => {
  it('give what stands behind the first blank, the last one counting', async () => {
    writeFileSync(join(root, 'x.conf'), '# LogFile /no\nLogFile /var/log/a:b=c d\nLogFileMaxSize\t0\nLogTime true\nLogTime false\n');
    const read = (key: string) => withHost(root, { databases: {} }, (host) => readReading(host, reading('words', key)));
    expect(await read('LogFile')).toMatchObject({ known: true, value: '/var/log/a:b=c d' });
    expect(await read('LogFileMaxSize')).toMatchObject({ known: true, value: '0' });
    expect(await read('LogTime')).toMatchObject({ known: true, value: 'false' });
    expect(await read('Log')).toMatchObject({ known: false });
  });
});
