import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MARK = '.mailwarden-demo';
/** The trees hold folders that everyone may write, on purpose: nobody else gets as far as them. */
const FOLDER_MODE = 0o700;

/** Takes a folder for the demo, once. Errors: throws when it holds what is not the demo's: trees are made anew and removed in it. */
export function takeFolder(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: FOLDER_MODE });
  if (!existsSync(join(dir, MARK))) {
    if (readdirSync(dir).length > 0) throw new Error(`${dir} holds files that are not the demo's; name an empty folder in MAILWARDEN_DEMO_DIR`);
    writeFileSync(join(dir, MARK), 'Everything in this folder is made and removed by the demo fleet.\n');
  }
  chmodSync(dir, FOLDER_MODE);
}
