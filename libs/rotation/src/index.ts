export { concernsStore } from './concerns-store.js';
export { boundPassed } from './bounds.js';
export type { Amount } from './bounds.js';
export { CLOCK_APART_MS_MAX, clockDoubt } from './clock-doubt.js';
export { excessOf, watermarkProblem } from './excess.js';
export type { Goal, Room } from './excess.js';
export { isPassed, measuredFor, passedLimits } from './over-limit.js';
export { planRotation } from './plan-rotation.js';
export type { BegunOrder, RotationPlan, RotationRules, StoreItems } from './plan-rotation.js';
