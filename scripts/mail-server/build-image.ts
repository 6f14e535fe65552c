import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { debianSource } from './debian-source.ts';
import { SUITE, type Recipe } from './recipe.ts';

const BUILD_MS_MAX = 600_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const LAST_LINES = 5;

/** Built images are kept outside the project: they are large, and belong to the machine. */
const cacheFolder = (): string => join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'mailwarden', 'mail-servers');

/** Inside the new root, after its packages were installed. */
const PREPARE = 'chroot "$1" /bin/sh /prepare.sh && rm "$1/prepare.sh"';

function mmdebstrap(recipe: Recipe, root: string, sources: string): Promise<void> {
  const hooks = [`copy-in ${join(recipe.folder, 'prepare.sh')} /`, `sync-in ${join(recipe.folder, 'root')} /`, PREPARE].map((hook) => `--customize-hook=${hook}`);
  return new Promise((resolve, reject) => {
    const args = ['--variant=minbase', '--quiet', `--include=${recipe.packages.join(',')}`, ...hooks, SUITE, root, sources];
    execFile('mmdebstrap', args, { timeout: BUILD_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX, encoding: 'utf8' }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`the mail server "${recipe.name}" could not be built: ${stderr.trim().split('\n').slice(-LAST_LINES).join(' / ') || error.message}`));
    });
  });
}

/** Images of earlier recipes are of no use any more; what runs is a copy. */
function removeOlder(cache: string, { name, digest }: Recipe): void {
  const older = readdirSync(cache).filter((entry) => entry.startsWith(`${name}-`) && entry !== `${name}-${digest}`);
  for (const entry of older) rmSync(join(cache, entry), { recursive: true, force: true });
}

/**
 * Folder of the server's root, built when it is not there yet; it is never booted itself, only copies of it are.
 * Errors: throws with mmdebstrap's own last words.
 */
export async function imageOf(recipe: Recipe): Promise<{ readonly root: string; readonly builtInMs: number | null }> {
  const cache = cacheFolder();
  const root = join(cache, `${recipe.name}-${recipe.digest}`);
  if (existsSync(root)) return { root, builtInMs: null };
  const source = debianSource(SUITE);
  if (source instanceof Error) throw source;
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const work = mkdtempSync(join(cache, `.${recipe.name}-`));
  const since = Date.now();
  try {
    const sources = join(work, 'debian.sources');
    writeFileSync(sources, source);
    await mmdebstrap(recipe, join(work, 'root'), sources);
    chmodSync(join(work, 'root'), 0o755);
    // Whoever built it at the same time has built the same.
    if (!existsSync(root)) renameSync(join(work, 'root'), root);
    removeOlder(cache, recipe);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return { root, builtInMs: Date.now() - since };
}
