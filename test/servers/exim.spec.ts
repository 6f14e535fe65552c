import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScanDocument } from '../../apps/cli/src/output/scan-json.js';
import { whyNoMailServer } from '../../scripts/mail-server/prerequisites.ts';
import { startMailServer, type RunningServer } from '../../scripts/mail-server/running-server.ts';
import { SHOWN_PRODUCT } from '../../scripts/mail-server/shown-product.ts';
import { GUARDED, STILL } from './compared-stores.js';
import { duBytes, findFiles, whoReads } from './independent-tools.js';
import { bytesOf, expectSame, itemsOf, scanInside, storeOf } from './scanned.js';

const why = whyNoMailServer();
/** The build is part of it where no image is there yet. Units: milliseconds. */
const READY_MS_MAX = 600_000;

describe.skipIf(why !== null)(`Exim on Debian, for real${why === null ? '' : ` (skipped: ${why})`}`, () => {
  let server: RunningServer;
  let scanned: ReadonlyMap<string, ScanDocument>;

  beforeAll(async () => {
    server = await startMailServer('exim', { shown: SHOWN_PRODUCT });
    scanned = await scanInside(server);
    const { builtInMs, bootedInMs, filledInMs } = server.cost;
    console.log(`exim: ${builtInMs === null ? 'its image was there' : `built in ${builtInMs} ms`}, booted in ${bootedInMs} ms, filled in ${filledInMs} ms`);
  }, READY_MS_MAX);
  afterAll(() => server?.stop());

  it('is found, with its own version, and Postfix is not, though it shares a file of aliases', async () => {
    expect([...scanned.keys()].sort()).toEqual(['exim4', 'linux-host']);
    const told = /Exim version (\S+)/.exec(await server.output(['/usr/sbin/exim4', '-bV']))?.[1];
    expect(scanned.get('exim4')?.product.version).toMatchObject({ known: true, value: told });
  });

  it.each(STILL.exim)('$profile/$store has the numbers that find and du give', async ({ profile, store, places, test }) => {
    const found = await findFiles(server, places, test);
    expectSame(storeOf(scanned, profile, store), found);
    if (found.items > 0) expect(bytesOf(storeOf(scanned, profile, store))).toBe(await duBytes(server, places, test));
  });

  it('has as many letters in the queue as Exim counts, each with its two files and its log', async () => {
    const counted = Number(await server.output(['/usr/sbin/exim4', '-bpc']));
    expect(counted).toBe(3);
    for (const store of ['queued-envelopes', 'queued-bodies', 'message-logs']) expect(itemsOf(storeOf(scanned, 'exim4', store)), store).toBe(counted);
  });

  it('tells how long frozen letters stay, as Exim is set', () => {
    expect(storeOf(scanned, 'exim4', 'queued-envelopes').facts).toContainEqual({ label: 'frozen letters stay', value: expect.objectContaining({ known: true, value: '1w' }) });
  });

  it.each(GUARDED.exim)('$profile/$store can be read by the accounts that the kernel lets in', async ({ profile, store, places }) => {
    const readers = storeOf(scanned, profile, store).access.accounts.filter(({ read, namesOnly }) => read && namesOnly !== true);
    expect(readers.map(({ name }) => name).sort()).toEqual(await whoReads(server, places));
  });
});
