export { planStore } from './plan-store.js';
export type { StorePlan } from './plan-store.js';
export { planTable } from './rotate-table.js';
export type { TablePlan } from './rotate-table.js';
export { refusedReceipt, rotateStore } from './rotate-store.js';
export { refusalOf } from './safe-root.js';
export type { ApplyRequest, RotateRequest } from './rotate-request.js';
export type { FoundItem } from './find-items.js';
