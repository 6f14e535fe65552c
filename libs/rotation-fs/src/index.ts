export { unfinishedOrders } from './journal.js';
export { refusedReceipt } from './outcome.js';
export type { OrderFacts } from './outcome.js';
export { previewStore } from './preview-store.js';
export type { Preview } from './preview-store.js';
export type { ApplyRequest, RotateRequest, StepWatch } from './rotate-request.js';
export { refuseOrder, rotateStore } from './rotate-store.js';
export { refusalOf } from './safe-root.js';
