export { eventually } from './eventually.js';
export { findNatsServer } from './find-nats-server.js';
export { freePort } from './free-port.js';
export { startNats } from './start-nats.js';
export type { ForgetfulNats, RunningNats } from './start-nats.js';
export { startPostgres } from './start-postgres.js';
export type { RunningPostgres } from './start-postgres.js';
