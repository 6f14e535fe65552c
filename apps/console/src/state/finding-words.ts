import type { FindingCode } from '@mailwarden/contracts';

/** Each kind of finding: what it is called, and why a person should care. */
export const FINDING_WORDS: Readonly<Record<FindingCode, { readonly title: string; readonly why: string }>> = {
  'over-limit': { title: 'Over its limit', why: 'More personal data is kept than the limit that counts allows. What should have gone is still readable, searchable and exposed.' },
  'over-age': { title: 'Kept too long', why: 'Data is older than the limit that counts allows. Storage limitation asks that it goes when its time is over.' },
  'access-too-wide': { title: 'Access too wide', why: 'More accounts than the declared ones can get at personal data, so anything that runs under them can too.' },
  'parent-folder-open': { title: 'Open parent folder', why: 'A folder above the store lets others in or lets them swap the store for another one.' },
  'leftover-files': { title: 'Leftover files', why: 'Temporary files outlived the process that wrote them. They are letters that nobody works on and nobody removes.' },
  'orphaned-halves': { title: 'Orphaned halves', why: 'A file without its row, or a row without its file, is neither shown nor rotated by the product, and so stays for ever.' },
  'dump-switched-on': { title: 'Dumps switched on', why: 'Dump files hold fragments of letters and analysed files, outside every limit.' },
  'dump-present': { title: 'Dumps on disk', why: 'A dump can hold anything that was in memory, letters among it.' },
  'kernel-dump-possible': { title: 'Kernel may dump', why: 'If the service crashes, the kernel may write what was in its memory to disk.' },
  'memory-exposed': { title: 'Memory exposed', why: 'What is in memory could be read by others or reach the disk.' },
  'ksn-without-consent': { title: 'KSN without consent', why: 'Data leaves the server that no decision covers.' },
  'ksn-refused-by-settings': { title: 'KSN refused by settings', why: 'A decision allows KSN, but the product does not use it. Nothing leaves that should not.' },
  'consent-by-answer-file': { title: 'Accepted by answer file', why: 'An installer accepted the agreement. No person read the text, so nobody decided.' },
  'agreement-text-undecided': { title: 'New agreement text', why: 'The text on the server is not the one that was decided on.' },
  'agreement-record-disagrees': { title: 'Record disagrees', why: 'The product\'s own record and the decision say different things.' },
  'undecided-agreement': { title: 'Undecided agreement', why: 'The product runs under an agreement that nobody with the right to decide has decided on.' },
  'licence-expired': { title: 'Licence over', why: 'Without a valid licence the product stops updating or stops scanning.' },
  'licence-expires-soon': { title: 'Licence ends soon', why: 'When the licence ends, the product stops updating or stops scanning.' },
  unmeasured: { title: 'Not measured', why: 'What was not measured cannot be shown to be in order.' },
  'version-unknown': { title: 'Version unknown', why: 'Limits and places change between versions of the product.' },
  'rotation-stopped': { title: 'Rotation stopped', why: 'A rotation stopped before its end, so the store is still over its limit.' },
  'consent-not-converged': { title: 'Consent not applied yet', why: 'A decision has not reached this server, so it may still act on the old one.' },
  'agent-silent': { title: 'Agent silent', why: 'Nothing is known of this server since its agent was last heard.' },
  'message-rejected': { title: 'Message rejected', why: 'A message was not in order and was put aside; what it told is missing here.' },
};
