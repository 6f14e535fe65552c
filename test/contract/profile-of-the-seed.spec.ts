import { readFileSync } from 'node:fs';
import { parseProfile, SHIPPED_PROFILES_URL } from '@mailwarden/catalogue';
import { readStrictYaml } from '@mailwarden/strict-yaml';
import { describe, expect, it } from 'vitest';
import { filledRows, PAGE, SEED_PROSE, type FilledRow } from './seed-table.js';

const TEXT = readFileSync(new URL('kaspersky-klms-8.yaml', SHIPPED_PROFILES_URL), 'utf8');

function profileOf(text: string) {
  const parsed = parseProfile(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error, null, 1));
  return parsed.value;
}

type Claim = readonly [where: string, what: Readonly<Record<string, unknown>>];
type Members = Readonly<Record<string, unknown>>;

/** Members that say how we look, not what the page says. */
const OURS = new Set(['source', 'id', 'kind', 'files', 'exclude', 'active', 'rows', 'clock', 'rotatable', 'quiet-period', 'line-records', 'system-log', 'configured-limits', 'read', 'enabled', 'accepted', 'accepted-version', 'answer-file']);
const hasOwnSource = (value: unknown): boolean => JSON.stringify(value ?? null).includes('"source":');

function statedBy(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([key, value]) => !OURS.has(key) && !hasOwnSource(value)));
}

/** Everything in a profile that names the page as its source, by its place: ids instead of positions. */
function claimsOf(value: unknown, path: readonly string[] = []): Claim[] {
  if (value === null || typeof value !== 'object') return [];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => claimsOf(item, [...path, ...nameOf(item)]));
  const members = value as Members;
  const own: Claim[] = members['source'] === PAGE ? [[path.join('.'), statedBy(members)]] : [];
  return [...own, ...Object.entries(members).flatMap(([key, child]) => claimsOf(child, [...path, key]))];
}
const nameOf = (item: unknown): string[] => {
  const id = (item as { id?: unknown } | null)?.id;
  return typeof id === 'string' ? [id] : [];
};

function claimsOfText(text: string): Claim[] {
  const document = readStrictYaml(text);
  if (!document.ok) throw new Error(JSON.stringify(document.error));
  return claimsOf(document.value.value);
}

/** What the table says of one row's store. */
const claimsOfRow = (row: FilledRow, store: string): Claim[] => [
  [`stores.${store}`, { section: row.section, directories: row.directories, 'data-categories': row.data }],
  [`stores.${store}.duration`, { state: row.duration }],
  ...(row.limit === null ? [] : [[`stores.${store}.limits`, row.limit.kind === 'bytes' ? { bytes: row.limit.written, effect: 'delete-oldest' } : { records: row.limit.value, effect: 'delete-oldest' }] as const]),
  [`stores.${store}.protection`, { accounts: row.accounts }],
];
const EXPECTED: Claim[] = [...filledRows().flatMap((row) => row.stores.flatMap((store) => claimsOfRow(row, store))), ...Object.entries(SEED_PROSE)];

const inOrder = (claims: readonly Claim[]): string[] => claims.map(([where, what]) => `${where} ${JSON.stringify(Object.fromEntries(Object.entries(what).sort()))}`).sort();

const ROWS = filledRows().flatMap((row) => row.stores.map((store): [string, FilledRow] => [store, row]));

describe("the profile and the vendor's page", () => {
  it.each(ROWS)('%s says what its row says', (id, row) => {
    const store = profileOf(TEXT).stores.find((candidate) => candidate.id === id);
    expect(store).toMatchObject({ section: row.section, source: PAGE, statedDirectories: row.directories, dataCategories: row.data, duration: { kind: row.duration, source: PAGE } });
    expect(store?.protection).toEqual({ accounts: row.accounts, groups: [], source: PAGE });
    const limits = store?.limits.filter((limit) => limit.source === PAGE).map(({ kind, value, written, effect }) => ({ kind, value, written, effect }));
    expect(limits).toEqual(row.limit === null ? [] : [{ kind: row.limit.kind, value: row.limit.value, written: row.limit.written, effect: 'delete-oldest' }]);
  });

  it('has the rows in the order of the page, and beside them what the page tells in prose', () => {
    const ids = profileOf(TEXT).stores.map((store): string => store.id);
    expect(new Set(ids)).toEqual(new Set([...ROWS.map(([id]) => id), 'dumps', 'memory']));
    expect(ids.filter((id) => ROWS.some(([row]) => row === id))).toEqual(ROWS.map(([id]) => id));
  });

  it('claims of the page all that it says, and nothing else', () => {
    expect(inOrder(claimsOfText(TEXT))).toEqual(inOrder(EXPECTED));
  });

  it('says of memory that nobody but the administrator guards it, and of dumps that only root gets in', () => {
    const { stores, switches } = profileOf(TEXT);
    expect(stores.find((store) => store.id === 'memory')).toMatchObject({ kind: 'memory', rotatable: false, duration: { kind: 'not-stated' }, protection: { accounts: null } });
    expect(stores.find((store) => store.id === 'dumps')).toMatchObject({ kind: 'dump', protection: { accounts: ['root'] }, duration: { kind: 'not-stated' } });
    expect(switches['dumps']).toMatchObject({ default: 'off', source: PAGE });
  });

  it('has all flows encrypted and none without an agreement', () => {
    for (const flow of profileOf(TEXT).flows) expect(flow).toMatchObject({ encrypted: true, requires: [expect.any(String), ...flow.requires.slice(1)] });
  });
});

describe('the comparison bites', () => {
  it.each([
    ['a directory', 'directories: [ /var/log/kaspersky ]', 'directories: [ /var/log ]'],
    ['a data type', '[ settings.address-lists, account.administrator, account.directory ]', '[ settings.address-lists, account.administrator ]'],
    ['a limit', 'bytes: 500 MB', 'bytes: 500 MiB'],
    ['a duration', '{ state: until-restart, source: help-167766 }', '{ state: indefinite, source: help-167766 }'],
    ['an account', '{ accounts: [ root ], source: help-167766 }', '{ accounts: [ root, kluser ], source: help-167766 }'],
    ['a limit that another page states', 'bytes: 7.32 GB, effect: delete-oldest, source: help-88718', 'bytes: 7.32 GB, effect: delete-oldest, source: help-167766'],
    ['a note that the page does not hold', 'of the kernel\'s usual collectors are watched., source: integration-script', 'of the kernel\'s usual collectors are watched., source: help-167766'],
    ['an agreement that a flow needs', 'requires: [ ksn-statement, supplementary-ksn-statement ]', 'requires: [ ksn-statement ]'],
    ['an open link', 'requires: [ eula ]\n    endpoints: null\n    encrypted: true', 'requires: [ eula ]\n    endpoints: null\n    encrypted: false'],
    ['a switch', 'default: "off", source: help-167766', 'default: "on", source: help-167766'],
  ])('on %s', (_name, from, to) => {
    expect(TEXT).toContain(from);
    expect(inOrder(claimsOfText(TEXT.replace(from, to)))).not.toEqual(inOrder(EXPECTED));
  });

  it('on a row that is left out', () => {
    const without = TEXT.replace(/ {2}- id: kata-quarantine[\s\S]*?(?= {2}- id: )/, '');
    expect(profileOf(without).stores.length).toBe(profileOf(TEXT).stores.length - 1);
    expect(inOrder(claimsOfText(without))).not.toEqual(inOrder(EXPECTED));
  });
});
