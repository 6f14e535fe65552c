import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { eventually } from '@mailwarden/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Doors, PASSWORD } from '../integration/doors.js';
import { letCliIn, told } from '../integration/doors-cli.js';
import { launchBrowser, noBrowser } from './browser.js';
import { WORKSPACE } from './demo-runtime.js';
import { confirm } from './operators.js';

const SCREENSHOTS = join(WORKSPACE, 'test-results/screenshots');
const AGREEMENT = 'ksn-statement';

let doors: Doors;
let browser: Browser;
const complaints: string[] = [];

/** A person with a session of their own, at the page of agreements. */
async function personAt(name: string, role: string): Promise<Page> {
  await doors.addOperator(name, role);
  const { cookie } = await doors.signIn({ name, password: PASSWORD });
  const context = await browser.newContext({ viewport: { width: 1440, height: 1000 }, acceptDownloads: true });
  const [key = '', ...value] = cookie.split('=');
  await context.addCookies([{ name: key, value: value.join('='), url: doors.url.origin }]);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${doors.url.origin}/consent`);
  await page.getByTestId('consent-decisions').waitFor();
  return page;
}

async function propose(page: Page, reason: string): Promise<void> {
  await page.getByTestId('record-decision').click();
  const form = page.getByTestId('decision-form');
  await form.getByLabel('Agreement').selectOption(AGREEMENT);
  await form.getByLabel('On behalf of').fill('Example organisation');
  await form.getByLabel('Reason').fill(reason);
  expect(await form.innerText()).toContain('Another person has to confirm it first');
  await page.getByTestId('decision-submit').click();
  await page.getByTestId('decision-waits').waitFor();
  await page.getByRole('button', { name: 'Close' }).first().click();
}

describe.skipIf(noBrowser !== undefined)(`a decision that takes two persons${noBrowser === undefined ? '' : ` (skipped: ${noBrowser})`}`, { timeout: 180_000 }, () => {
  beforeAll(async () => {
    doors = await Doors.start(['mx-1', 'mx-2'], { MAILWARDEN_CONSOLE_DIR: join(WORKSPACE, 'apps/console/dist') });
    for (const server of ['mx-1', 'mx-2']) await doors.plane.enrol(server);
    await doors.plane.run('consent', { MAILWARDEN_CONSENT_TWO_PERSONS: 'grants' });
    await letCliIn(doors);
    browser = await launchBrowser();
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await doors?.close();
  });

  it('waits for another one than who proposed it, and is recorded with both names', async () => {
    const [ada, grace] = [await personAt('ada', 'privacy-officer'), await personAt('grace', 'administrator')];
    await propose(ada, 'Decided by the board');
    const own = ada.getByTestId('consent-proposals');
    await own.getByText('another person confirms it').waitFor();
    expect(await own.getByRole('button', { name: 'Confirm' }).count()).toBe(0);
    const other = grace.getByTestId('consent-proposals');
    await other.getByText('Decided by the board').waitFor();
    await grace.screenshot({ path: join(SCREENSHOTS, 'two-persons.png'), fullPage: true });
    expect(await told(doors, 'consent', 'proposals')).toMatchObject({ exit: 1, text: expect.stringContaining('Decided by the board') });
    await other.getByRole('button', { name: 'Confirm' }).click();
    expect(await confirm(grace, 'Read the statement')).toBe('Record 1 decision');
    for (const page of [ada, grace]) {
      const row = page.getByTestId('consent-decisions').locator('tr', { hasText: 'Decided by the board' });
      await row.getByText('confirmed by grace').waitFor();
      expect(await row.innerText()).toContain('ada');
      await page.getByTestId('consent-proposals').getByText('Nothing waits.').waitFor();
    }
    expect(await told(doors, 'consent', 'proposals')).toMatchObject({ exit: 0, text: expect.stringContaining('No decision waits') });
  });

  it('can be taken back by who proposed it, and rejected by another', async () => {
    const [ada, joan] = [await personAt('ada.2', 'privacy-officer'), await personAt('joan', 'privacy-officer')];
    await propose(ada, 'Taken back');
    await ada.getByRole('button', { name: 'Take back' }).click();
    expect(await confirm(ada, 'Not the text of 2026')).toBe('Reject 1 decision');
    await propose(ada, 'Rejected by another');
    await joan.getByTestId('consent-proposals').locator('tr', { hasText: 'Rejected by another' }).getByRole('button', { name: 'Reject' }).click();
    await confirm(joan, 'Not the text of 2026');
    await ada.getByTestId('consent-proposals').getByText('Nothing waits.').waitFor();
    expect(await ada.getByTestId('consent-decisions').innerText()).not.toMatch(/Taken back|Rejected by another/);
  });

  it('by command waits for a person at the console, who sees all of a file before it is recorded', async () => {
    const file = join(doors.plane.dir, 'decisions.csv');
    await writeFile(file, `agreement,action,scope,on-behalf-of,reason,decided-at,text\neula,grant,organisation,Example organisation,on paper,2026-03-01,\n${AGREEMENT},withdraw,server mx-1,Example organisation,a letter,2026-05-12,\n`);
    expect(await told(doors, 'consent', 'import', file)).toMatchObject({ exit: 1, text: expect.stringContaining('these 2 decisions wait for a second person') });
    const grace = await personAt('grace.2', 'privacy-officer');
    await grace.getByTestId('consent-proposals').getByText('and 1 more decision of one file').waitFor();
    await grace.getByRole('button', { name: 'Confirm' }).click();
    await grace.getByTestId('reason-form').getByText('a letter').waitFor();
    expect(await confirm(grace, 'Compared with the papers')).toBe('Record 2 decisions');
    await grace.getByTestId('consent-decisions').getByText('a letter').waitFor();
  });

  it('is taken along as a record and as evidence that holds offline', async () => {
    const page = await personAt('auditor', 'viewer');
    const [record, pack] = [join(doors.plane.dir, 'r.jsonld'), join(doors.plane.dir, 'p.jsonl')];
    for (const [button, file] of [[`record-${AGREEMENT}`, record], [`pack-${AGREEMENT}`, pack]] as const) {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId(button).click()]);
      await download.saveAs(file);
    }
    expect(JSON.parse(await readFile(record, 'utf8'))).toMatchObject({ '@type': 'dpv:ConsentRecord' });
    const verdict = await told(doors, 'evidence', 'verify', pack, '--trust', doors.plane.nats.identity.trust);
    expect(verdict).toMatchObject({ exit: 0, text: expect.stringContaining('ada and grace') });
    expect(await page.getByTestId('record-decision').isDisabled()).toBe(true);
    await eventually('nothing broke the page', 5_000, () => Promise.resolve(complaints.length === 0 || undefined));
  });
});
