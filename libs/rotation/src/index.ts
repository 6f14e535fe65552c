export { boundPassed } from './blast-radius.js';
export { clockDoubt } from './clock-sanity.js';
export { exceededLimits, watermarkProblem } from './exceeded-limits.js';
export type { Goal, Holding } from './exceeded-limits.js';
export { barredBy, planRotation } from './plan-rotation.js';
export { planTrim } from './plan-trim.js';
export type { TableHolding, TrimPlan, TrimRequest } from './plan-trim.js';
export type { Amount, HeldSpan, ItemColumns, PlanRequest, RotationPlan, Skips } from './rotation-plan.js';
