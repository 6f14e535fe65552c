export { measuredFor, passedLimits } from './over-limit.js';
export { planRotation } from './plan-rotation.js';
export type { Amount, RotationPlan, RotationRules, StoreItems } from './plan-rotation.js';
