import type { ServerTruth } from '../servers/server-truth.js';
import { DEFAULT_WORK_FOLDER } from '../servers/server-truth.js';

const DAY_MS = 86_400_000;
const lines = (values: Readonly<Record<string, string>>): string => Object.entries(values).map(([key, value]) => `${key}=${value}\n`).join('');

/** Settings as the product writes them. */
export function settingsFile(truth: ServerTruth, nowMs: number): string {
  return lines({
    enableDumps: 'no',
    traceLevel: 'info',
    traceDestination: 'file',
    eventLogMaxRecords: '1000000',
    auditLogMaxRecords: '1000000',
    backupMaxSizeMb: '1000',
    aspQuarantineMaxSizeMb: '1000',
    kataQuarantineMaxSizeMb: '1000',
    ksnMode: 'off',
    licenceStatus: 'active',
    licenceType: 'commercial',
    licenceExpiresAt: new Date(nowMs + truth.licenceDays * DAY_MS).toISOString(),
    ...truth.settings,
  });
}

export const installerFile = (truth: ServerTruth): string => lines({ PRODUCT_VERSION: truth.productVersion, BACKUP_PATH: '/var/opt/kaspersky/klms/backup', ...truth.agreed });

/** Names the work folder only where it is another one than the product's own. */
export function filtersFile({ workFolder }: ServerTruth): string {
  return `[filter]\nlisten=inet:10025@127.0.0.1\n${workFolder.path === DEFAULT_WORK_FOLDER ? '' : `workdir=${workFolder.path}\n`}`;
}

/** Stand-ins for the agreements' texts. A version is known by the hash of its text, so any text will do. */
export const AGREEMENT_TEXTS: Readonly<Record<string, string>> = {
  'license.en': 'Sample text of the demo fleet in place of the End User License Agreement. It is no agreement of anybody.\n',
  'privacy_policy.en': 'Sample text of the demo fleet in place of the Privacy Policy. It is no policy of anybody.\n',
  'ksn_agreement.en': 'Sample text of the demo fleet in place of the Kaspersky Security Network Statement. It states nothing.\n',
  'ksn_supplementary.en': 'Sample text of the demo fleet in place of the Supplementary Kaspersky Security Network Statement. It states nothing.\n',
};
