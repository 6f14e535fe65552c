export type { HoldPolicy, Policy, RetentionPolicy, ServerSelector, TelemetryPolicy, TransmissionPolicy } from './policy.js';
