export { unfinishedOrders } from './journal/journal.js';
export { refusedReceipt } from './outcome.js';
export type { OrderFacts } from './outcome.js';
export { previewStore } from './preview-store.js';
export type { PlannedItem, Preview, StoreEngine } from './store-engine.js';
export type { ApplyRequest, MarkedItems, OrderTerms, RotateRequest, StepWatch } from './rotate-request.js';
export { refuseOrder, rotateStore } from './rotate-store.js';
export { refusalOf } from './safe-root.js';
