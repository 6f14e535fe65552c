export { STOP_ON } from './policy.js';
export type { AccessPolicy, FlowReference, HoldPolicy, Policy, RetentionPolicy, Rollout, ServerSelector, StopOn, TelemetryPolicy, TransmissionPolicy, Wave } from './policy.js';
export { bundleFor, holdsOf, holdStands, rulesFor, selects } from './bundle.js';
export { keepingAll, misfitOf, TOO_MANY_HOLDS_ADVICE } from './bundle-misfit.js';
export { ONE_WAVE, rolloutOf, waveOf, waveWords } from './rollout-waves.js';
export { withPermitted } from './permitted-access.js';
export { parsePolicies, policyVersion } from './parse-policies.js';
export { policyJsonSchema } from './policy-form.js';
export type { Problem } from '@mailwarden/strict-yaml';
