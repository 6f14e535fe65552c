import type { MeView } from '@mailwarden/contracts';
import type { Browser, Page } from 'playwright-core';
import type { DemoRuntime } from './demo-runtime.js';

/** A person at a browser of their own, let in by the command line and signed in by the link that it printed. `complaints` takes what the page breaks. */
export async function operatorAt(browser: Browser, demo: DemoRuntime, name: string, role: MeView['role'], complaints: string[]): Promise<Page> {
  const { code, stdout, stderr } = await demo.run('operator', 'add', name, '--role', role, '--format', 'json');
  if (code !== 0) throw new Error(`operator add ended with ${code}: ${stderr}`);
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 1000 } })).newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto((JSON.parse(stdout) as { link: string }).link);
  await page.getByTestId('fleet-table').waitFor();
  return page;
}

/** Confirms what was begun: says why, and presses the button that tells how far it reaches. Returns what that button said. */
export async function confirm(page: Page, reason: string): Promise<string> {
  await page.getByTestId('reason-form').getByLabel('Reason').fill(reason);
  const button = page.getByTestId('reason-submit');
  const words = await button.innerText();
  await button.click();
  await page.getByTestId('reason-form').waitFor({ state: 'detached' });
  return words;
}

/** Sends a decision past the console's buttons, with the session of the page. Returns status and words of the answer. */
export function decideByHand(page: Page, decision: object): Promise<{ status: number; text: string }> {
  const script = `(async () => {
    const { csrf } = await (await fetch('/api/v1/me')).json();
    const answer = await fetch('/api/v1/rotations/decisions', { method: 'POST', headers: { 'content-type': 'application/json', 'x-csrf-token': csrf }, body: ${JSON.stringify(JSON.stringify(decision))} });
    return { status: answer.status, text: await answer.text() };
  })()`;
  return page.evaluate<{ status: number; text: string }>(script);
}
