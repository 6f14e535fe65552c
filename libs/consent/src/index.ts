export { desiredKsn, effectiveConsent } from './effective-consent.js';
export type { AgreementOnHost, EffectiveConsent } from './effective-consent.js';
export { isWithin } from './ksn-reach.js';
