import { z } from 'zod';
import { severity, slug, storeId } from './primitives.js';

/** Every kind of violated expectation. One entry each in the findings reference. */
export const FINDING_CODES = [
  'over-limit',
  'over-age',
  'held-over-limit',
  'limit-soon',
  'limits-disagree',
  'rotation-absent',
  'rotation-late',
  'access-too-wide',
  'parent-folder-open',
  'leftover-files',
  'deleted-but-open',
  'orphaned-halves',
  'dump-switched-on',
  'dump-present',
  'kernel-dump-possible',
  'memory-exposed',
  'log-elsewhere',
  'configuration-changed',
  'undeclared-data',
  'setting-passed-over',
  'ksn-without-consent',
  'ksn-refused-by-settings',
  'flow-without-consent',
  'flow-undeclared',
  'flow-plaintext',
  'flow-not-refused',
  'consent-by-answer-file',
  'agreement-text-undecided',
  'agreement-record-disagrees',
  'undecided-agreement',
  'licence-expired',
  'licence-expires-soon',
  'unmeasured',
  'version-unknown',
  'version-outside-profile',
  'scan-unfinished',
  'product-absent',
  'rotation-stopped',
  'consent-not-converged',
  'agent-silent',
  'agent-cloned',
  'message-rejected',
  'messages-missing',
  'numbering-anew',
  'ledger-rewritten',
  'witness-behind',
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

/** One violated expectation, as the assessment yields it: no life yet. Privacy: `message` names no person and no file. */
export const assessedFinding = z.object({
  code: z.enum(FINDING_CODES),
  severity,
  store: storeId.nullable(),
  /** Tells two findings of one code on one store apart, as the account that gets in. Stable from scan to scan. */
  subject: z.string().max(120),
  message: z.string().max(500),
  advice: z.string().max(500),
  source: z.string().max(200),
});
export type AssessedFinding = z.output<typeof assessedFinding>;
export const findingCode = slug.pipe(z.enum(FINDING_CODES));

export const FINDING_STATES = ['open', 'resolved', 'accepted'] as const;
