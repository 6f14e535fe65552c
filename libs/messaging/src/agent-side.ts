/** What an agent needs of this library, without what the services of the control plane need: an agent shares its host with a mail server, and what it does not load takes no memory there. */
export { connectAgentBus } from './agent/agent-bus.js';
export type { AgentBus } from './agent/agent-bus.js';
export { writeDurably, writeDurablyOrOver } from './spool/durable-file.js';
export { openSpool, SpoolUnreadable } from './spool/spool.js';
export type { Spool } from './spool/spool.js';
