import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const ROOT = 0;
const OTHERS_WRITE = 0o022;

/** Which part of the way to a program somebody else than root could change, in words; null where only root can. Safety: what runs with our rights is nobody else's to replace. */
export function untrustedPart(program: string): string | null {
  if (!program.startsWith('/')) return 'it is no absolute path';
  try {
    const real = realpathSync(program);
    if (!statSync(real).isFile()) return 'it is not a regular file';
    for (let part = real; ; part = dirname(part)) {
      const { uid, mode } = statSync(part);
      if (uid !== ROOT || (mode & OTHERS_WRITE) !== 0) return `others than root may change ${part}`;
      if (part === '/') return null;
    }
  } catch {
    return `${program} is not there`;
  }
}
