export { createLogger } from './logger.js';
export { REDACTED_KEYS } from './scrub.js';
export type { Logger } from './logger.js';
export { NestLogger, nestLogger } from './nest-logger.js';
