import type { AssessedFinding, Statement } from '@mailwarden/contracts';

/** JSON of `mailwarden scan`. Its schema is published in `docs/reference/scan.schema.json`. */
export function scanJson(parts: { statement: Statement; findings: readonly AssessedFinding[]; root: string; startedAt: string; durationMs: number }): unknown {
  const { statement } = parts;
  return {
    schema: 'mailwarden/scan/v1',
    host: statement.server,
    root: parts.root,
    startedAt: parts.startedAt,
    durationMs: parts.durationMs,
    product: { id: statement.profile, name: statement.product.name, version: statement.product.version },
    stores: statement.rows.map((row) => ({
      id: row.store,
      section: row.section,
      kind: row.kind,
      directories: row.directories,
      dataCategories: row.dataCategories?.map((category) => category.id) ?? null,
      duration: row.duration,
      present: row.measured.present,
      items: row.measured.items,
      bytesApparent: row.measured.bytesApparent,
      bytesAllocated: row.measured.bytesAllocated,
      oldestAt: row.measured.oldestAt,
      newestAt: row.measured.newestAt,
      ...(row.measured.records === undefined ? {} : { records: row.measured.records }),
      ...(row.measured.leftovers === undefined ? {} : { leftovers: row.measured.leftovers }),
      ...(row.measured.orphans === undefined ? {} : { orphans: row.measured.orphans }),
      facts: row.measured.facts,
      limits: row.limits,
      protection: row.protection,
      access: row.access,
      state: row.state,
      because: row.because,
      unknown: row.unknown,
    })),
    ksn: statement.ksn,
    agreements: statement.agreements,
    flows: statement.flows,
    licence: statement.licence,
    findings: parts.findings,
  };
}
