import { FINDING_CODES, type FindingCode } from '../finding.js';
import { FINDING_MEANINGS, type FindingRaiser } from '../finding-meanings.js';

const HEADINGS: readonly (readonly [FindingRaiser, string, string])[] = [
  ['assessment', 'From a scan', 'The assessment compares what was measured with profile, policy and consent. `mailwarden scan` shows the same findings for one host, without those that need decisions.'],
  ['liveness', 'From heartbeats', 'Watched by the reporting service.'],
  ['clones', 'From heartbeats of two agents under one name', 'Watched by the reporting service.'],
  ['consent', 'From attestations', 'Watched by the reporting service: what agents say that they applied, beside what was decided.'],
  ['rotation', 'From receipts', 'Watched by the reporting service.'],
  ['messages', 'From the checks of the bus', 'Watched by the reporting service.'],
  ['numbering', 'From the numbers of messages', 'Watched by the reporting service.'],
  ['ledger', 'From the ledger', 'Watched by the reporting service, about the whole fleet: where others have a server, these have the word `fleet`.'],
  [null, 'Not raised', 'Names that the contracts know and no part raises in this version.'],
];

function section(code: FindingCode): string[] {
  const { meaning, raised, severities, weighed, advice } = FINDING_MEANINGS[code];
  const severity = severities.length === 0 ? 'none' : severities.join(' or ') + (weighed === '' ? '' : `: ${weighed}`);
  return [`### ${code}`, '', meaning, '', `- **Raised when**: ${raised}`, `- **Severity**: ${severity}`, `- **What to do**: ${advice}`, ''];
}

/** Reference of every finding, by what raises it. */
export const findingsPage = (): string[] => [
  '# Findings',
  '',
  'A finding is one violated expectation on one store of one server, or on the server itself. It opens when the expectation is first seen violated, is updated while it lasts, and resolves when a later look no longer sees it.',
  'One that returns is opened again under its old id; one that was accepted stays accepted while it lasts. What a finding says holds no personal data: counts, sizes, moments and names of system accounts.',
  '',
  '| code | severity | meaning |',
  '|---|---|---|',
  ...FINDING_CODES.map((code) => `| [\`${code}\`](#${code}) | ${FINDING_MEANINGS[code].severities.join(', ') || 'not raised'} | ${FINDING_MEANINGS[code].meaning} |`),
  '',
  ...HEADINGS.flatMap(([raiser, heading, about]) => [`## ${heading}`, '', about, '', ...FINDING_CODES.filter((code) => FINDING_MEANINGS[code].raisedBy === raiser).flatMap(section)]),
];
