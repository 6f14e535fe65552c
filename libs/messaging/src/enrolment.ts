/** What a server needs of this library before it is in the fleet. */
export { askToEnrol } from './agent/ask-to-enrol.js';
export type { EnrolmentAddress } from './agent/ask-to-enrol.js';
