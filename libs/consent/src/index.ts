export { consentAt, newestOf, published, standingOf } from './standing-decisions.js';
export { EntryIndex } from './entry-index.js';
export { desiredKsn, effectiveConsent } from './effective-consent.js';
export type { AgreementOnHost, EffectiveConsent } from './effective-consent.js';
export { isWithin } from './ksn-reach.js';
export { consentReceipt, consentRecord } from './record/consent-record.js';
export type { ConsentRecordDocument } from './record/consent-record.js';
export type { Reach, RecordedAgreement, RecordParts } from './record/record-parts.js';
