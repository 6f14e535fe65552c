import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from './browser.js';
import { DemoRuntime, eventually, processesOf, WORKSPACE } from './demo-runtime.js';

const SCREENSHOTS = join(WORKSPACE, 'test-results/screenshots');
/** The promise of the issue and of the README: within two minutes, without touching anything. */
const FIRST_ROTATION_MS = 120_000;

let demo: DemoRuntime;
let browser: Browser;
let page: Page;
let siem: NatsConnection;
const heard: { subject: string; type: string }[] = [];

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  demo = await DemoRuntime.start();
  siem = await connectSiem();
  const subscription = siem.subscribe('mw.event.>');
  void (async () => {
    for await (const message of subscription) heard.push({ subject: message.subject, type: message.json<{ type: string }>().type });
  })();
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1440, height: 1000 } });
}, 240_000);

afterAll(async () => {
  await siem?.close();
  await browser?.close();
  await demo?.remove();
});

/** What `mailwarden status` names for a subscriber. */
async function busAddress(): Promise<{ url: string; ca: string; siemCreds: string }> {
  const { stdout } = await demo.run('status', '--format', 'json');
  return (JSON.parse(stdout) as { bus: { url: string; ca: string; siemCreds: string } }).bus;
}

/** A plain NATS client with the SIEM's own credentials. */
async function connectSiem(): Promise<NatsConnection> {
  const { url, ca, siemCreds } = await busAddress();
  return connect({ servers: url, tls: { caFile: ca }, authenticator: credsAuthenticator(await readFile(siemCreds)) });
}

/** Runs one program of the SIEM page as its reader would, and gives the first events that it prints. */
async function eventsPrintedBy(name: string, wanted: number): Promise<{ id: string; event: string; sequence: number }[]> {
  const page = await readFile(join(WORKSPACE, 'docs/siem.md'), 'utf8');
  const program = page.split(`save this as \`${name}\``)[1]?.split('```js\n')[1]?.split('```')[0];
  if (program === undefined) throw new Error(`docs/siem.md has no ${name}`);
  const path = join(WORKSPACE, 'test-results', name);
  await writeFile(path, program);
  const { url, ca, siemCreds } = await busAddress();
  const child = spawn(process.execPath, [path], { env: { NATS_URL: url, NATS_CA: ca, NATS_CREDS: siemCreds }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaint = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  try {
    return await eventually(`${wanted} events printed by ${name}`, 60_000, async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${complaint}`);
      const lines = output.split('\n').slice(0, -1);
      return lines.length < wanted ? undefined : lines.map((line) => JSON.parse(line) as { id: string; event: string; sequence: number });
    });
  } finally {
    child.kill();
  }
}

const shot = (name: string): Promise<Buffer> => page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });

describe('the demo fleet, without touching anything', () => {
  it('signs in with the one-time link, once', async () => {
    await page.goto(demo.signInLink);
    await page.getByTestId('fleet-table').waitFor();
    await shot('fleet-wide');
    const again = await browser.newPage();
    await again.goto(demo.signInLink);
    await again.getByTestId('sign-in-error').waitFor();
    await again.close();
  });

  it('opens findings for what is wrong, and none for the server in order', async () => {
    const findings = await eventually('findings of three servers', 60_000, async () => {
      const { items } = await demo.ask('findings', '/findings?state=open');
      const servers = new Set(items.map((finding) => finding.server as string));
      return ['mx-3', 'mx-4'].every((name) => servers.has(name)) ? items : undefined;
    });
    const codes = new Set(findings.map((finding) => finding.code));
    for (const code of ['dump-switched-on', 'access-too-wide', 'leftover-files', 'orphaned-halves', 'ksn-without-consent', 'consent-by-answer-file'] as const) {
      expect(codes).toContain(code);
    }
    expect(findings.filter((finding) => finding.server === 'mx-1' && ['high', 'critical'].includes(finding.severity))).toEqual([]);
  });

  it('rotates a store by a signed order, proves it, and closes its finding', async () => {
    const rotation = await eventually('a proved rotation', FIRST_ROTATION_MS, async () => {
      const { items } = await demo.ask('rotations');
      return items.find((item) => item.state === 'proved' && item.proof !== null);
    });
    expect(rotation.receiptVerified).toBe(true);
    expect(rotation.receipt?.payload.deleted.items).toBeGreaterThan(0);
    const { items } = await demo.ask('findings', `/findings?state=resolved&server=${rotation.order.server}`);
    expect(items.some((finding) => finding.store === rotation.order.store && finding.code === 'over-limit')).toBe(true);

    const shown = await demo.run('receipts', rotation.order.id);
    expect(shown.stdout).toContain('inclusion in the ledger');
    expect(shown.stdout).not.toContain('FAILS');
    expect(shown.code).toBe(0);

    await page.goto(`${demo.url}/rotations/${rotation.order.id}`);
    await page.getByTestId('rotation-proof').waitFor();
    await shot('rotation');
    await eventually('rotation events at the SIEM', 20_000, async () => {
      const names = heard.map(({ type }) => type);
      return names.includes('mailwarden.rotation.completed.v1') && names.includes('mailwarden.finding.resolved.v1') ? names : undefined;
    });
  });

  it('shows every row of the statement', async () => {
    await page.goto(`${demo.url}/servers/mx-3`);
    for (const store of ['reports', 'trace-log', 'event-log', 'audit-log', 'backup', 'antispam-quarantine', 'kata-quarantine', 'temporary', 'configuration', 'dumps', 'memory']) {
      await page.getByTestId(`statement-row-${store}`).waitFor();
    }
    await shot('statement-wide');
    await page.setViewportSize({ width: 390, height: 844 });
    await shot('statement-phone');
    await page.setViewportSize({ width: 1440, height: 1000 });
  });
});

describe('a withdrawal of consent', () => {
  it('reaches every live agent in under two seconds, and each attests', async () => {
    const granted = await demo.run('consent', 'grant', 'ksn', '--on-behalf-of', 'Example organisation', '--reason', 'test', '--wait');
    expect(granted.stderr).toBe('');
    const startedAt = Date.now();
    const withdrawn = await demo.run('consent', 'withdraw', 'ksn', '--on-behalf-of', 'Example organisation', '--reason', 'test', '--wait', '--format', 'json');
    expect(withdrawn.stderr).toBe('');
    const { convergence } = JSON.parse(withdrawn.stdout) as { convergence: { server: string; state: string; milliseconds: number | null }[] };
    expect(convergence.map((row) => row.server).sort()).toEqual(['mx-1', 'mx-2', 'mx-3', 'mx-4']);
    for (const row of convergence) {
      expect(row.state).not.toBe('converging');
      expect(row.milliseconds).toBeLessThan(2_000);
    }
    expect(Date.now() - startedAt).toBeLessThan(20_000);
    await page.goto(`${demo.url}/consent`);
    await page.getByTestId('consent-convergence-mx-1').waitFor();
    await shot('consent');
  });
});

describe('the page "subscribe in five minutes"', () => {
  it('listens with the program that it gives', async () => {
    const printed = eventsPrintedBy('subscribe.mjs', 1);
    // Something that happens for certain, as soon as the program listens.
    const events = await Promise.race([printed, (async () => {
      for (let turn = 0; turn < 20; turn += 1) await demo.run('consent', turn % 2 === 0 ? 'decline' : 'withdraw', 'ksn-statement', '--on-behalf-of', 'Example organisation', '--reason', 'test');
      return printed;
    })()]);
    expect(events[0]?.event).toMatch(/^[a-z]+\.[a-z-]+$/);
  }, 90_000);

  it('replays with the program that it gives, and goes on where it stopped', async () => {
    const first = await eventsPrintedBy('replay.mjs', 5);
    const second = await eventsPrintedBy('replay.mjs', 1);
    expect(new Set(first.map(({ id }) => id)).size).toBe(first.length);
    expect(first.map(({ id }) => id)).not.toContain(second.at(-1)?.id);
  }, 120_000);
});

describe('the end', () => {
  it('leaves no process behind', async () => {
    await demo.stop();
    expect(await processesOf(demo.dataDir)).toEqual([]);
  });
});
