import { mkdirSync, mkdtempSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compilePatterns } from '@mailwarden/inventory';
import type { Relation, Store } from '@mailwarden/catalogue';
import { err, ok, type Result } from '@mailwarden/kernel';
import type { RelationReader } from '@mailwarden/product-database';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withHost } from './host.js';
import { orphanedHalves } from './orphaned-halves.js';

const QUIET_SECONDS = 10;
const OLD_MS = Date.now() - 3_600_000;
const RELATION = { database: { engine: 'postgresql', socket: '/', name: 'backup', user: 'x' }, relation: 'public.backup', keyColumn: 'id', timeColumn: 'stored_at', timeUnit: 'timestamp', fileColumn: 'file' } satisfies Relation;
const STORE = { quietPeriodSeconds: QUIET_SECONDS } as unknown as Store;

let root: string;
let folder: string;
let rows: Map<string, number>;
/** Called when the rows are first read: what happens between the walk and that moment. */
let meanwhile: () => void;
/** What the table says instead of an answer. */
let refusal: Result<never, string> | null;

/** Answers the two questions that are put to the table, from rows in memory. */
const table: Pick<RelationReader, 'fileNames' | 'filesWithRows'> = {
  fileNames: () => {
    meanwhile();
    return Promise.resolve(refusal ?? ok([...rows.keys()]));
  },
  filesWithRows: (_, files, before) => Promise.resolve(ok(new Set(files.filter((file) => (rows.get(file) ?? Infinity) < (before?.getTime() ?? Infinity))))),
};

function letter(name: string, atMs = OLD_MS): void {
  writeFileSync(join(folder, name), 'letter');
  utimesSync(join(folder, name), atMs / 1000, atMs / 1000);
}

const compare = (walked: readonly string[]) =>
  withHost(root, { databases: {} }, (host) => orphanedHalves(host, { store: STORE, patterns: compilePatterns(['/var/opt/product/backup/**']), fileNames: [...walked] }, RELATION, table, Date.now()));

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-halves-'));
  folder = join(root, 'var/opt/product/backup');
  mkdirSync(folder, { recursive: true });
  rows = new Map();
  meanwhile = () => undefined;
  refusal = null;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('orphaned halves', () => {
  it('are files and rows whose other half is gone', async () => {
    letter('both');
    letter('file only');
    rows.set('both', OLD_MS).set('row only', OLD_MS);
    expect(await compare(['both', 'file only'])).toMatchObject({ known: true, value: { filesWithoutRow: 1, rowsWithoutFile: 1 } });
  });

  it('are each counted, also where names decode alike', async () => {
    for (const name of ['\xff', '\xfe', '\xfd']) {
      const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);
      writeFileSync(path, 'letter');
      utimesSync(path, OLD_MS / 1000, OLD_MS / 1000);
    }
    letter('ü');
    rows.set('\ufffd', OLD_MS).set('ü', OLD_MS);
    expect(await compare(['\xff', '\xfe', '\xfd', '\xc3\xbc'])).toMatchObject({ known: true, value: { filesWithoutRow: 3, rowsWithoutFile: 1 } });
  });

  it('are not letters that came after the walk', async () => {
    meanwhile = () => {
      letter('new');
      rows.set('new', OLD_MS);
    };
    expect(await compare([])).toMatchObject({ known: true, value: { filesWithoutRow: 0, rowsWithoutFile: 0 } });
  });

  it('are not letters that went after the walk', async () => {
    letter('gone');
    rows.set('gone', OLD_MS);
    meanwhile = () => {
      unlinkSync(join(folder, 'gone'));
      rows.delete('gone');
    };
    expect(await compare(['gone'])).toMatchObject({ known: true, value: { filesWithoutRow: 0, rowsWithoutFile: 0 } });
  });

  it('are not halves so young that the other one may be on its way', async () => {
    letter('young file', Date.now());
    rows.set('young row', Date.now());
    expect(await compare(['young file'])).toMatchObject({ known: true, value: { filesWithoutRow: 0, rowsWithoutFile: 0 } });
  });

  it('are unknown when the rows cannot be read', async () => {
    letter('file only');
    refusal = err('another session has locked it');
    expect(await compare(['file only'])).toEqual({ known: false, reason: 'public.backup could not be read: another session has locked it' });
  });

  it('are unknown while an order is carried out, which takes one half after the other', async () => {
    rows.set('half gone', OLD_MS);
    mkdirSync(join(folder, '.mailwarden-order'));
    expect(await compare([])).toMatchObject({ known: false });
  });
});
