export { consentAt, newestOf, published, standingOf } from './standing-decisions.js';
export { EntryIndex } from './entry-index.js';
export { desiredKsn, effectiveConsent } from './effective-consent.js';
export type { AgreementOnHost, EffectiveConsent } from './effective-consent.js';
export { isWithin } from './ksn-reach.js';
