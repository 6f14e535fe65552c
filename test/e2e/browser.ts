import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const CANDIDATES = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of a real browser on this machine, or undefined; `bin/test` installs one where it may. */
const browserPath = (): string | undefined => CANDIDATES.find((path) => path !== undefined && existsSync(path));

/** Why there is no browser to test with; undefined where there is one. */
export const noBrowser: string | undefined = browserPath() === undefined ? (process.env['MAILWARDEN_NO_BROWSER'] ?? 'no Chromium is on this machine; bin/test installs one where it may') : undefined;

/** Starts a real Chromium that asks nothing of the network beyond the page under test. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = browserPath();
  if (executablePath === undefined) throw new Error('no Chromium on this machine; install it (Debian: apt-get install chromium) or name one in CHROMIUM');
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}
