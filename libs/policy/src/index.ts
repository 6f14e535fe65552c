export type { HoldPolicy, Policy, RetentionPolicy, ServerSelector, TelemetryPolicy, TransmissionPolicy } from './policy.js';
export { bundleFor, selects } from './bundle.js';
export { parsePolicies, policyVersion } from './parse-policies.js';
export { policyJsonSchema } from './policy-form.js';
export type { Problem } from '@mailwarden/strict-yaml';
