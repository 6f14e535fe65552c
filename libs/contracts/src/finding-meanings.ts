import type { Severity } from '@mailwarden/kernel';
import type { FindingCode } from './finding.js';

/** What raises a finding: the assessment of a scan, or one of the reporting service's watches. Null while nothing does. */
export type FindingRaiser = 'assessment' | 'liveness' | 'rotation' | 'messages' | null;

export interface FindingMeaning {
  readonly meaning: string;
  readonly raised: string;
  readonly raisedBy: FindingRaiser;
  /** Every severity that it can have, worst first. */
  readonly severities: readonly Severity[];
  /** Why one severity and not another; empty where there is one. */
  readonly weighed: string;
  readonly advice: string;
}

const POLICY_WEIGHS_MORE = "high where the limit is the operator's own policy, medium where it is the product's setting or the vendor's page";
const EVERYONE_WEIGHS_MORE = 'high where everyone gets in or the account can write, else medium';

/** What each finding says, for the reference page and for whoever meets one. A code without an entry does not compile. */
export const FINDING_MEANINGS: Readonly<Record<FindingCode, FindingMeaning>> = {
  'over-limit': {
    meaning: 'A store holds more than the limit that counts: policy, else configured, else documented.',
    raised: 'The allocated bytes, the records or the items of a scan are above the limit.',
    raisedBy: 'assessment',
    severities: ['high', 'medium'],
    weighed: POLICY_WEIGHS_MORE,
    advice: 'Where a policy in enforce mode covers the store, it rotates. Otherwise write one, or find out why the product does not rotate by itself.',
  },
  'over-age': {
    meaning: 'A store holds something older than the age limit that counts.',
    raised: "The oldest item of a scan, by the store's clock, is older than the limit.",
    raisedBy: 'assessment',
    severities: ['high', 'medium'],
    weighed: POLICY_WEIGHS_MORE,
    advice: 'As for over-limit. A limit in bytes or records is a trigger, not an expiry: a store under it may hold data of any age, so add an age where age matters.',
  },
  'access-too-wide': {
    meaning: 'An account that the profile does not name can read or write a store.',
    raised: 'Owner, group or mode of an entry lets the account in, and the folders above let it through. Finer rights (ACLs) are not read yet.',
    raisedBy: 'assessment',
    severities: ['high', 'medium'],
    weighed: EVERYONE_WEIGHS_MORE,
    advice: 'Give the entries back to the accounts that the profile names and take the rights of others away. If the account belongs there, say so in a profile of your own.',
  },
  'parent-folder-open': {
    meaning: 'A folder above a store lets everyone replace the store itself.',
    raised: 'A folder on the way is writable for everyone and has no sticky bit.',
    raisedBy: 'assessment',
    severities: ['high'],
    weighed: '',
    advice: 'Take the right to write away from others, or set the sticky bit.',
  },
  'leftover-files': {
    meaning: "Temporary files have outlived the program's restart.",
    raised: "An entry of a temporary store is older than the service's own start.",
    raisedBy: 'assessment',
    severities: ['medium'],
    weighed: '',
    advice: 'Nobody works on these letters any more: remove them. If they keep coming back, find out what crashes.',
  },
  'orphaned-halves': {
    meaning: 'Of a record that is a file and a row, one half is missing.',
    raised: 'Names in the folder and names in the table are not the same.',
    raisedBy: 'assessment',
    severities: ['medium'],
    weighed: '',
    advice: 'The product neither shows nor rotates such halves. Find out which half is right before anything is removed.',
  },
  'dump-switched-on': {
    meaning: 'The product writes dumps when it crashes; they hold fragments of letters.',
    raised: "The product's own dump switch is on.",
    raisedBy: 'assessment',
    severities: ['high'],
    weighed: '',
    advice: 'Switch dumps off again, as root, once the support case is closed.',
  },
  'dump-present': {
    meaning: 'Dumps lie on the server.',
    raised: "The product's dump folder or one of the kernel's collectors holds dumps of it.",
    raisedBy: 'assessment',
    severities: ['high'],
    weighed: '',
    advice: 'Hand them to support or remove them.',
  },
  'kernel-dump-possible': {
    meaning: 'Whatever the product is set to, the kernel may write a core file of it.',
    raised: 'The running service has a core limit other than 0.',
    raisedBy: 'assessment',
    severities: ['info'],
    weighed: '',
    advice: 'Set LimitCORE=0 for the service unless you need its core files.',
  },
  'memory-exposed': {
    meaning: 'What is in memory can reach the disk or another process.',
    raised: 'Swap is present, kernel.yama.ptrace_scope is 0, or fs.suid_dumpable is 1. One finding for each.',
    raisedBy: 'assessment',
    severities: ['info'],
    weighed: '',
    advice: 'Encrypt the swap or switch it off; set ptrace_scope to 1 or more and suid_dumpable to 0.',
  },
  'ksn-without-consent': {
    meaning: 'The product takes part in Kaspersky Security Network further than consent covers.',
    raised: "The product's KSN setting goes beyond what the decisions for this server allow.",
    raisedBy: 'assessment',
    severities: ['critical'],
    weighed: '',
    advice: 'Switch KSN back, or record the decision that covers it.',
  },
  'ksn-refused-by-settings': {
    meaning: 'Consent covers more than the product is set to.',
    raised: 'The KSN setting stays behind what the decisions allow.',
    raisedBy: 'assessment',
    severities: ['info'],
    weighed: '',
    advice: 'Nothing leaves that should not. Change the setting if KSN is wanted.',
  },
  'consent-by-answer-file': {
    meaning: 'An agreement was accepted by an answer file, not by a person who read it.',
    raised: "The product's record says accepted, and the answer file of an unattended installation is there.",
    raisedBy: 'assessment',
    severities: ['high'],
    weighed: '',
    advice: 'Have the person who may decide read the text, and record the decision.',
  },
  'agreement-text-undecided': {
    meaning: 'The text on the server is not the text that was decided on.',
    raised: 'The hash of the text on disk differs from the one that the decision names.',
    raisedBy: 'assessment',
    severities: ['medium'],
    weighed: '',
    advice: 'Read the new text and decide on it.',
  },
  'agreement-record-disagrees': {
    meaning: "The product's own record says accepted; the decision says no.",
    raised: 'The record on the server is accepted while the decision is declined or withdrawn.',
    raisedBy: 'assessment',
    severities: ['medium'],
    weighed: '',
    advice: "Change the product's setting, or decide anew.",
  },
  'undecided-agreement': {
    meaning: 'Nobody has decided on an agreement for this server.',
    raised: 'No decision of the organisation, of a group or of the server itself covers it.',
    raisedBy: 'assessment',
    severities: ['medium'],
    weighed: '',
    advice: 'Run: mailwarden consent grant, or mailwarden consent decline.',
  },
  'licence-expired': {
    meaning: "The licence is over or not in order; the finding says what that means for the data, in the vendor's words.",
    raised: 'The status is one that the profile names other than active, or the expiry has passed.',
    raisedBy: 'assessment',
    severities: ['high'],
    weighed: '',
    advice: 'Renew it, or add the key that replaces it.',
  },
  'licence-expires-soon': {
    meaning: 'The licence ends within 30 days.',
    raised: 'The expiry that the product tells is less than 30 days away.',
    raisedBy: 'assessment',
    severities: ['medium'],
    weighed: '',
    advice: 'Renew it before it does.',
  },
  unmeasured: {
    meaning: 'Something of a store could not be measured. It is not counted as in order.',
    raised: 'A folder could not be read, or a table could not be reached. The message says which and why.',
    raisedBy: 'assessment',
    severities: ['low'],
    weighed: '',
    advice: 'Give the agent what it needs to read it.',
  },
  'product-absent': {
    meaning: 'Nothing of the product was found on the server.',
    raised: 'A scan found none of the stores of the profile and no version of the product. Nothing else is then judged.',
    raisedBy: 'assessment',
    severities: ['info'],
    weighed: '',
    advice: 'Enrol the server with the profile of the product that it runs.',
  },
  'version-unknown': {
    meaning: 'Which version of the product runs is unknown; limits and places change between versions.',
    raised: "The profile's version reading yields nothing.",
    raisedBy: 'assessment',
    severities: ['low'],
    weighed: '',
    advice: 'Find out which version it is, and whether the profile covers it.',
  },
  'rotation-stopped': {
    meaning: 'The last rotation of a store did not end well.',
    raised: "The newest receipt says stopped (a bound was reached), refused or failed. It closes with the store's next good receipt.",
    raisedBy: 'rotation',
    severities: ['high', 'medium'],
    weighed: 'medium where it stopped at a bound, high where it was refused or failed',
    advice: 'Read the reason. Stopped: look at the plan, then raise the bounds or bring the store down in steps. Refused: check keys, clock and profile on the server. Failed: what was done until then is in the receipt.',
  },
  'consent-not-converged': {
    meaning: 'A decision has not reached every server that it is for.',
    raised: 'Not raised by this version: how far a decision has reached is shown with the consents.',
    raisedBy: null,
    severities: [],
    weighed: '',
    advice: 'See: mailwarden consent list.',
  },
  'agent-silent': {
    meaning: 'An agent is not heard; what its server does since is unknown.',
    raised: 'No sign of life for three heartbeat intervals. It closes when the agent is heard again.',
    raisedBy: 'liveness',
    severities: ['high'],
    weighed: '',
    advice: 'Check that the agent runs on the server and that it reaches the bus.',
  },
  'message-rejected': {
    meaning: "A message in a server's name was forged, misplaced or unreadable and was put aside.",
    raised: 'A consumer refused it by form, subject, origin or signature. It closes when nothing was rejected for an hour.',
    raisedBy: 'messages',
    severities: ['high'],
    weighed: '',
    advice: "Look at it among the dead letters. If the agent did not send it, treat the server's credential as stolen.",
  },
};
