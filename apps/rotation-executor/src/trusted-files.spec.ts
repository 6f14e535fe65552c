import { chmodSync, chownSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSigningKey } from '@mailwarden/identity';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadTrusted } from './trusted-files.js';

const isRoot = process.getuid?.() === 0;
const STRANGER = 54_321;
const SWAPS = 600;
const [worker, stranger, executor] = [generateSigningKey(), generateSigningKey(), generateSigningKey()];

let [root, folder] = ['', ''];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-trusted-'));
  folder = join(root, 'trust');
  mkdirSync(folder, { mode: 0o755 });
});
afterEach(() => rmSync(root, { recursive: true }));

const anchors = (key: string): string => JSON.stringify({ schema: 'mailwarden/trust/v1', rotation: key, consent: key, reporting: key });

function settings(): { readonly trust: string; readonly signingKey: string; readonly hashKeyFile: string } {
  const write = (path: string, text: string): string => {
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return { trust: write(join(folder, 'trust.json'), anchors(worker.publicKey)), signingKey: write(join(root, 'key.pem'), executor.pem), hashKeyFile: write(join(root, 'hash-key'), 'key') };
}

/** Says of each name what lies under it, again and again, while it is read. */
async function swapped<T>(path: string, others: string, look: () => Promise<T>): Promise<Set<T | 'refused'>> {
  const [theirs, kept] = [join(folder, 'theirs'), join(folder, 'kept')];
  writeFileSync(theirs, others, { mode: 0o600 });
  chownSync(theirs, STRANGER, STRANGER);
  const seen: Promise<T | 'refused'>[] = [];
  for (let tries = 0; tries < SWAPS; tries += 1) {
    seen.push(look().catch((): 'refused' => 'refused'));
    await new Promise(setImmediate);
    renameSync(path, kept);
    renameSync(theirs, path);
    await new Promise(setImmediate);
    renameSync(path, theirs);
    renameSync(kept, path);
  }
  return new Set(await Promise.all(seen));
}

describe.runIf(isRoot)(`what the executor believes${isRoot ? '' : ' (skipped: giving a file away needs the super-user)'}`, () => {
  it('is what was looked at, whatever has the name of the trust anchors meanwhile', async () => {
    const files = settings();
    const seen = await swapped(files.trust, anchors(stranger.publicKey), async () => (await loadTrusted(files)).trust.rotation);
    expect([...seen].filter((key) => key !== 'refused')).toEqual([worker.publicKey]);
  });

  it('is what was looked at, whatever has the name of its own key meanwhile', async () => {
    const files = { ...settings(), signingKey: join(folder, 'key.pem') };
    writeFileSync(files.signingKey, executor.pem, { mode: 0o600 });
    const seen = await swapped(files.signingKey, stranger.pem, async () => (await loadTrusted(files)).signer.publicKey);
    expect([...seen].filter((key) => key !== 'refused')).toEqual([executor.publicKey]);
  });

  it('is nothing where another account may put a file in the place of the trust anchors', async () => {
    const files = settings();
    chownSync(folder, STRANGER, STRANGER);
    await expect(loadTrusted(files)).rejects.toThrow(`chown root ${folder}`);
  });

  it('is nothing where others may read its own key', async () => {
    const files = settings();
    chmodSync(files.signingKey, 0o640);
    await expect(loadTrusted(files)).rejects.toThrow(`chmod 600 ${files.signingKey}`);
  });
});
