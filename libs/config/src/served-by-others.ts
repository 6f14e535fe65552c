import { readFileSync, statfsSync } from 'node:fs';
import { isServedByOthers } from '@mailwarden/kernel';

/** Whether another account than root and the running one could answer for what a descriptor shows; then its owner and mode mean nothing. Errors: throws where that is not told. */
export const servedByOthers = (fd: number): boolean => isServedByOthers(fd, { textOf: (path) => readFileSync(path, 'latin1'), kindOf: (path) => statfsSync(path).type, own: process.geteuid?.() ?? 0 });
