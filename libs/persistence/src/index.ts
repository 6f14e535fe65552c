export { createDataSource, openDataSource, schemaOf } from './data-source.js';
export type { DatabaseOptions } from './data-source.js';
export { handleOnce, takeOnce } from './handle-once.js';
export { enqueue } from './outbox.js';
export type { OutgoingMessage } from './outbox.js';
export { OutboxRelay } from './outbox-relay.js';
export type { RelayParts, SealedMessage } from './outbox-relay.js';
