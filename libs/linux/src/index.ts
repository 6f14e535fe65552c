export { errorName } from './c-library.js';
export { readExtendedAttribute } from './extended-attribute.js';
export { isIdleForDisk, lowerPriority } from './scheduling.js';
export type { LoweredPriority } from './scheduling.js';
