import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isClosed } from './closed-entry.js';

/** Which part of the way to a program somebody else than root, or the account that runs it, could change, in words; null where nobody can. Safety: what runs with our rights is nobody else's to replace. */
export function untrustedPart(program: string): string | null {
  if (!program.startsWith('/')) return 'it is no absolute path';
  try {
    const real = realpathSync(program);
    if (!statSync(real).isFile()) return 'it is not a regular file';
    // The way as it is written may lead over links; who may change one of their folders chooses what is run.
    for (const way of new Set([real, program])) {
      for (let part = way; ; part = dirname(part)) {
        const found = statSync(part);
        if (!isClosed(found, found.isDirectory())) return `others than root may change ${part}`;
        if (part === '/') break;
      }
    }
    return null;
  } catch {
    return `${program} is not there`;
  }
}
