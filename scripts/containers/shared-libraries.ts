import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Shared libraries that a program needs and that lie outside `own`, the loader among them. A static program needs none. Errors: throws when one is missing on this machine. */
export function librariesOf(program: string, own: string): string[] {
  let listed: string;
  try {
    listed = execFileSync('ldd', [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch {
    return [];
  }
  const missing = /^\s*(\S+) => not found/m.exec(listed)?.[1];
  if (missing !== undefined) throw new Error(`${program} needs ${missing}, which is not on this machine`);
  return [...listed.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map((found) => found[1] ?? '').filter((path) => path !== '' && !path.startsWith(own));
}

/** Copies a file of this machine to the same or another place of a root filesystem. Links are followed: what lies there afterwards is the file itself. */
export function placeFile(root: string, source: string, target: string = source): void {
  const place = join(root, target);
  mkdirSync(dirname(place), { recursive: true });
  copyFileSync(source, place);
}
