import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The policies that ship with the demo, readable examples. */
export const SHIPPED_POLICIES_DIR = fileURLToPath(new URL('../../policies/', import.meta.url));
const isPolicy = (name: string): boolean => /^[^.].*\.ya?ml$/.test(name);

/** Writes the demo's policies where no policy is yet. `begunMark` tells of a run that was cut short between two of them. */
export function writePolicies(policyDir: string, begunMark: string): void {
  mkdirSync(policyDir, { recursive: true });
  if (readdirSync(policyDir).some(isPolicy) && !existsSync(begunMark)) return;
  writeFileSync(begunMark, '');
  for (const name of readdirSync(SHIPPED_POLICIES_DIR).filter(isPolicy)) {
    const path = join(policyDir, name);
    if (existsSync(path)) continue;
    const made = join(policyDir, `.${name}.new`);
    writeFileSync(made, readFileSync(join(SHIPPED_POLICIES_DIR, name)), { mode: 0o644 });
    renameSync(made, path);
  }
  rmSync(begunMark);
}
