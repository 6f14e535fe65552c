export { consentAt, published, standingOf } from './standing-decisions.js';
export { desiredKsn, effectiveConsent, judgedAt } from './effective-consent.js';
export type { AgreementOnHost, EffectiveConsent } from './effective-consent.js';
export { isWithin } from './ksn-reach.js';
