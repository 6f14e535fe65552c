import { agreementRow, assessedFinding, count, flowRow, instant, licenceView, measured, profileId, serverName, statement, statementRow, type AssessedFinding, type Statement } from '@mailwarden/contracts';
import { z } from 'zod';

const { measured: figures, store, section, kind, directories, duration, limits, protection, access, state, because, unknown } = statementRow.shape;
const { present, items, bytesApparent, bytesAllocated, records, oldestAt, newestAt, leftovers, orphans, ages, sizes, growth, openDeleted, facts } = figures.shape;

const scannedStore = z.object({
  id: store,
  section,
  kind,
  directories: directories.describe("As the vendor's page prints them; null where it does not say"),
  dataCategories: z.array(z.string()).nullable().describe('Ids of the taxonomy (data-categories.md); null where the vendor does not say'),
  duration,
  present: present.describe('False when none of the places exist on this host'),
  items,
  bytesApparent: bytesApparent.describe('What readers would get. Units: bytes'),
  bytesAllocated: bytesAllocated.describe('What the file system gives. Units: bytes'),
  oldestAt,
  newestAt,
  records: records.describe('Rows of a table, or lines of a record file'),
  leftovers: leftovers.describe("Temporary entries older than the service's own start"),
  orphans: orphans.describe('Halves without their other half'),
  ages: ages.describe('Items and allocated bytes by age: up to 1 hour, 1 day, 7, 30, 90 and 365 days, and older'),
  sizes: sizes.describe('Items and allocated bytes by size: up to 4 KiB, 64 KiB, 1 MiB, 16 MiB and 256 MiB, and larger'),
  growth: growth.describe('Change since the scan before, where one is remembered'),
  openDeleted: openDeleted.describe('Deleted files that the product still holds open'),
  facts,
  limits: limits.describe('Every limit with its origin; used is true for those that count'),
  protection,
  access,
  state,
  because,
  unknown: unknown.describe('What could not be measured, and why'),
});

/** What `mailwarden scan --format json` prints for one profile. A value that could not be measured is `{ known: false, reason }`, never left out. */
export const scanDocument = z.object({
  schema: z.literal('mailwarden/scan/v1'),
  host: serverName,
  root: z.string().describe('Folder that stands for the host'),
  startedAt: instant,
  durationMs: count,
  product: z.object({ id: profileId, name: z.string(), version: measured(z.string()) }),
  stores: z.array(scannedStore),
  ksn: statement.shape.ksn,
  agreements: z.array(agreementRow),
  flows: z.array(flowRow),
  licence: licenceView,
  findings: z.array(assessedFinding),
});
export type ScanDocument = z.output<typeof scanDocument>;

const scannedStoreOf = ({ store: id, dataCategories, measured: { facts: seen, ...amounts }, notes: _notes, next: _next, ...row }: Statement['rows'][number]): ScanDocument['stores'][number] => ({
  id,
  ...row,
  ...amounts,
  dataCategories: dataCategories?.map((category) => category.id) ?? null,
  facts: seen,
});

/** JSON of `mailwarden scan`. Its schema is published in `docs/reference/scan.schema.json`. */
export function scanJson(parts: { statement: Statement; findings: readonly AssessedFinding[]; root: string; startedAt: ScanDocument['startedAt']; durationMs: number }): ScanDocument {
  const { statement: told, findings, root, startedAt, durationMs } = parts;
  return {
    schema: 'mailwarden/scan/v1',
    host: told.server,
    root,
    startedAt,
    durationMs,
    product: { id: told.profile, name: told.product.name, version: told.product.version },
    stores: told.rows.map(scannedStoreOf),
    ksn: told.ksn,
    agreements: told.agreements,
    flows: told.flows,
    licence: told.licence,
    findings: [...findings],
  };
}
