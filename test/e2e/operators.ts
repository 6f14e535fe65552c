import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hash } from '@node-rs/argon2';
import { connectAsSuperuser } from '@mailwarden/local-postgres';
import type { MeView } from '@mailwarden/contracts';
import type { Browser, Page } from 'playwright-core';
import type { DemoRuntime } from './demo-runtime.js';

const PASSWORD = 'a password of the suite';
/** One way to use argon2id that is quick enough for a suite. */
const QUICK = { memoryCost: 8_192, timeCost: 1, parallelism: 1 } as const;

/** Lets a person sign in with a password, as if they had set it themselves. */
async function addOperator(demo: DemoRuntime, name: string, role: MeView['role']): Promise<void> {
  const { database } = JSON.parse(await readFile(join(demo.dataDir, 'ports.json'), 'utf8')) as { database: number };
  const client = await connectAsSuperuser({ port: database, passwordFile: join(demo.dataDir, 'secrets/superuser.password') }, 'mailwarden');
  try {
    await client.query(`INSERT INTO reporting.operator (name, role, password_hash, changed_at) VALUES ($1, $2, $3, now())`, [name, role, await hash(PASSWORD, QUICK)]);
  } finally {
    await client.end();
  }
}

/** A person at a browser of their own, signed in through the form. `complaints` takes what the page breaks. */
export async function operatorAt(browser: Browser, demo: DemoRuntime, name: string, role: MeView['role'], complaints: string[]): Promise<Page> {
  await addOperator(demo, name, role);
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 1000 } })).newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${demo.url}/sign-in`);
  await page.getByLabel('Name').fill(name);
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
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
