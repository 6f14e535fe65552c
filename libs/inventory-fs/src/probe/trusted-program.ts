import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const ROOT = 0;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/** Which part of the way to a program somebody else than root, or the account that runs it, could change, in words; null where nobody can. Safety: what runs with our rights is nobody else's to replace. */
export function untrustedPart(program: string): string | null {
  if (!program.startsWith('/')) return 'it is no absolute path';
  const own = process.geteuid?.();
  try {
    const real = realpathSync(program);
    if (!statSync(real).isFile()) return 'it is not a regular file';
    // The way as it is written may lead over links; who may change one of their folders chooses what is run.
    for (const way of new Set([real, program])) {
      for (let part = way; ; part = dirname(part)) {
        const found = statSync(part);
        // In a folder with the sticky bit nobody replaces what is another's.
        const isOpen = (found.mode & OTHERS_WRITE) !== 0 && !(found.isDirectory() && (found.mode & STICKY) !== 0);
        if ((found.uid !== ROOT && found.uid !== own) || isOpen) return `others than root may change ${part}`;
        if (part === '/') break;
      }
    }
    return null;
  } catch {
    return `${program} is not there`;
  }
}
