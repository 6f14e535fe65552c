import { eventually } from '@mailwarden/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScanDocument } from '../../apps/cli/src/output/scan-json.js';
import { whyNoMailServer } from '../../scripts/mail-server/prerequisites.ts';
import { startMailServer, type RunningServer } from '../../scripts/mail-server/running-server.ts';
import { SHOWN_PRODUCT } from '../../scripts/mail-server/shown-product.ts';
import { GUARDED, STILL } from './compared-stores.js';
import { duBytes, findFiles, whoReads } from './independent-tools.js';
import { lettersIn, whileLettersCome } from './letters.js';
import { receiptOf, rotateInside } from './rotated.js';
import { bytesOf, expectSame, itemsOf, scanInside, storeOf } from './scanned.js';

const why = whyNoMailServer();
/** The build is part of it where no image is there yet. Units: milliseconds. */
const READY_MS_MAX = 600_000;
const ROTATED_MS_MAX = 120_000;
/** A letter that was written to lately is left alone for so long. Units: seconds. */
const QUIET_SECONDS = 10;

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

  const waitingIds = async (): Promise<string[]> => (await server.output(['/bin/sh', '-c', "exim4 -bp | awk '/</ { print $3 }'"])).trim().split('\n');

  it('has Exim remove what waits by its ids, whole, and loses none that came meanwhile', { timeout: ROTATED_MS_MAX }, async () => {
    const old = await waitingIds();
    expect(old).toHaveLength(3);
    await eventually('letters that nobody writes to', ROTATED_MS_MAX, async () => ((await server.output(['/usr/bin/find', '/var/spool/exim4/input', '-name', '*-D', '-newerct', `${QUIET_SECONDS} seconds ago`])) === '' ? true : undefined));
    const from = new Date().toISOString();
    const { result, came } = await whileLettersCome(server, ['far@away.test'], () => rotateInside(server, [{ store: 'exim4/queued-bodies', limits: '{ age: 2 seconds }' }], ['--apply'], { stores: ['exim4/queued-bodies'], from }));
    expect(receiptOf(result, 'queued-bodies')).toMatchObject({ outcome: 'completed', planned: { items: 3 }, deleted: { items: 3 }, facts: { tool: '/usr/sbin/exim4' }, notes: [] });
    const waiting = await waitingIds();
    expect(waiting.filter((id) => old.includes(id))).toEqual([]);
    expect(await lettersIn(server, '/var/spool/exim4/input')).toEqual([...came].sort());
    const files = (await server.output(['/usr/bin/find', '/var/spool/exim4/input', '/var/spool/exim4/msglog', '-type', 'f', '-printf', '%f\n'])).trim().split('\n');
    expect(files.sort(), 'a body, an envelope and a log for each letter that waits, and nothing of another').toEqual(waiting.flatMap((id) => [id, `${id}-D`, `${id}-H`]).sort());
  });
});
