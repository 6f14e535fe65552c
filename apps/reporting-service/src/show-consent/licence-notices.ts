import type { ConsentView, FindingCode } from '@mailwarden/contracts';
import type { DataSource } from 'typeorm';

/** Notices that one view lists. */
const NOTICES_MAX = 100;
const CODES: readonly FindingCode[] = ['licence-expired', 'licence-expires-soon'];

interface NoticeRow {
  readonly id: string;
  readonly server: ConsentView['licences'][number]['server'];
  readonly profile: ConsentView['licences'][number]['profile'];
  readonly severity: ConsentView['licences'][number]['severity'];
  readonly message: string;
  readonly all: string;
}

/** Licences that change what may be sent: those that are over or not in order first, then those that end soon. */
export async function licenceNotices(dataSource: DataSource): Promise<Pick<ConsentView, 'licences' | 'licencesMore'>> {
  const rows = await dataSource.query<NoticeRow[]>(
    `SELECT id, server, profile, severity, message, count(*) OVER () AS all FROM reporting.finding WHERE state = 'open' AND code = ANY($1) ORDER BY code, server, id LIMIT ${NOTICES_MAX}`,
    [CODES],
  );
  return { licences: rows.map(({ id, server, profile, severity, message }) => ({ finding: id, server, profile, severity, message })), licencesMore: Math.max(0, Number(rows[0]?.all ?? 0) - rows.length) };
}
