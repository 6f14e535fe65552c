import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScanDocument } from '../../apps/cli/src/output/scan-json.js';
import { whyNoMailServer } from '../../scripts/mail-server/prerequisites.ts';
import { startMailServer, type RunningServer } from '../../scripts/mail-server/running-server.ts';
import { mailwardenInside, SHOWN_PRODUCT } from '../../scripts/mail-server/shown-product.ts';
import { GUARDED, STILL } from './compared-stores.js';
import { dovecotLetters, duBytes, findFiles, postfixQueues, whoReads } from './independent-tools.js';
import { bytesOf, expectSame, itemsOf, scanInside, storeOf } from './scanned.js';

const why = whyNoMailServer();
const QUEUES = '/var/spool/postfix';
/** The build is part of it where no image is there yet. Units: milliseconds. */
const READY_MS_MAX = 600_000;
const SLOW_MS_MAX = 180_000;

describe.skipIf(why !== null)(`a mail gateway on Debian, for real${why === null ? '' : ` (skipped: ${why})`}`, () => {
  let server: RunningServer;
  let scanned: ReadonlyMap<string, ScanDocument>;

  beforeAll(async () => {
    server = await startMailServer('gateway', { shown: SHOWN_PRODUCT });
    scanned = await scanInside(server);
    const { builtInMs, bootedInMs, filledInMs } = server.cost;
    console.log(`gateway: ${builtInMs === null ? 'its image was there' : `built in ${builtInMs} ms`}, booted in ${bootedInMs} ms, filled in ${filledInMs} ms`);
  }, READY_MS_MAX);
  afterAll(() => server?.stop());

  it('is found to run six products, and not those that it does not', () => {
    expect([...scanned.keys()].sort()).toEqual(['amavis', 'clamav', 'dovecot', 'linux-host', 'postfix', 'rspamd']);
  });

  it('has the versions that its programs and packages tell themselves', async () => {
    const versionOf = (profile: string) => scanned.get(profile)?.product.version;
    const told = async (command: string[], pattern: RegExp): Promise<string | undefined> => pattern.exec(await server.output(command))?.[1];
    expect(versionOf('postfix')).toMatchObject({ known: true, value: await told(['/usr/sbin/postconf', '-h', 'mail_version'], /(\S+)/) });
    expect(versionOf('dovecot')).toMatchObject({ known: true, value: await told(['/usr/sbin/dovecot', '--version'], /(\S+)/) });
    expect(versionOf('rspamd')).toMatchObject({ known: true, value: await told(['/usr/bin/rspamd', '--version'], /version (\S+)/) });
    expect(versionOf('clamav')).toMatchObject({ known: true, value: await told(['/usr/bin/dpkg-query', '--show', '--showformat', '${Version}', 'clamav-daemon'], /^(\d+(?:\.\d+)*)/) });
    expect(versionOf('linux-host')).toMatchObject({ known: true, value: expect.stringContaining((await told(['/bin/systemctl', '--version'], /^systemd (\d+)/)) ?? 'none') });
  });

  it.each(STILL.gateway)('$profile/$store has the numbers that find and du give', async ({ profile, store, places, test }) => {
    const found = await findFiles(server, places, test);
    expectSame(storeOf(scanned, profile, store), found);
    if (found.items > 0) expect(bytesOf(storeOf(scanned, profile, store))).toBe(await duBytes(server, places, test));
  });

  it('has as many letters in each queue as postqueue tells, and every kind of queue is filled', async () => {
    const queues = await postfixQueues(server);
    for (const queue of ['incoming', 'active', 'deferred', 'hold']) expect(itemsOf(storeOf(scanned, 'postfix', queue)), queue).toBe(queues[queue] ?? 0);
    expect(queues).toEqual({ active: 1, deferred: 2, hold: 1 });
    expect(itemsOf(storeOf(scanned, 'postfix', 'corrupt'))).toBe(1);
  });

  it('has as many letters in mailboxes and in the trash as Dovecot tells', async () => {
    const all = (await dovecotLetters(server, 'anna', '*')) + (await dovecotLetters(server, 'ben', '*'));
    const trash = await dovecotLetters(server, 'anna', 'Trash');
    expect(itemsOf(storeOf(scanned, 'dovecot', 'mailboxes'))).toBe(all - trash);
    expect(itemsOf(storeOf(scanned, 'dovecot', 'trash'))).toBe(trash);
    expect([all, trash]).toEqual([5, 1]);
  });

  it('has as many letters in the history as Redis counts, and its limit as rspamd is set', async () => {
    const history = storeOf(scanned, 'rspamd', 'history');
    expect(history.records).toMatchObject({ known: true, value: Number(await server.output(['/usr/bin/redis-cli', 'llen', 'rs_historymx_zst'])) });
    expect(history.limits.filter((limit) => limit.used)).toMatchObject([{ kind: 'records', value: 200, origin: 'configured' }]);
    expect(history.facts).toContainEqual({ label: 'subject privacy', value: expect.objectContaining({ known: true, value: 'off, subjects are kept as they are' }) });
  });

  it('has what Amavis caught, by its own log', async () => {
    const quarantined = (await server.output(['/bin/grep', '--count', 'quarantine: ', '/var/log/mail.log'])).trim();
    expect(itemsOf(storeOf(scanned, 'amavis', 'quarantine'))).toBe(Number(quarantined));
    expect(Number(quarantined)).toBe(1);
  });

  it('has the limits that the programs are set to', async () => {
    const used = (profile: string, store: string) => storeOf(scanned, profile, store).limits.filter((limit) => limit.used);
    expect(used('postfix', 'deferred')).toMatchObject([{ kind: 'age', value: 5 * 86_400, origin: 'configured', source: expect.stringContaining('postconf') }]);
    expect((await server.output(['/usr/sbin/postconf', '-h', 'maximal_queue_lifetime'])).trim()).toBe('5d');
    expect(storeOf(scanned, 'postfix', 'hold').state).toBe('not-limited');
    expect(used('linux-host', 'coredumps')).toMatchObject([{ kind: 'age', value: 3 * 86_400, origin: 'documented' }]);
  });

  it('has as much journal as journald tells', async () => {
    const told = /take up ([\d.]+)([KMG])/.exec(await server.output(['/bin/journalctl', '--disk-usage']));
    const bytes = Number(told?.[1]) * 1024 ** 'BKMG'.indexOf(told?.[2] ?? '');
    expect(Math.abs(bytesOf(storeOf(scanned, 'linux-host', 'journal')) / bytes - 1)).toBeLessThan(0.05);
  });

  it.each(GUARDED.gateway)('$profile/$store can be read by the accounts that the kernel lets in', { timeout: SLOW_MS_MAX }, async ({ profile, store, places }) => {
    const { access } = storeOf(scanned, profile, store);
    expect(access.accounts.filter(({ read, namesOnly }) => read && namesOnly !== true).map(({ name }) => name).sort()).toEqual(await whoReads(server, places));
  });

  it('follows the products into the log of the system', async () => {
    const lines = Number(await server.output(['/bin/sh', '-c', String.raw`grep -hcE ' postfix/[a-z-]+\[' /var/log/mail.log`]));
    expect(lines).toBeGreaterThan(50);
    expect(itemsOf(storeOf(scanned, 'postfix', 'mail-log'))).toBeGreaterThanOrEqual(lines);
  });

  it('sees a queue that everyone may read, and a letter that was left behind, at the next scan', { timeout: SLOW_MS_MAX }, async () => {
    await server.output(['/bin/sh', '-c', `chmod o+rx ${QUEUES}/hold && chmod o+r ${QUEUES}/hold/*; install -o anna -g anna -m 600 /dev/null /home/anna/Maildir/tmp/left && touch -d '2 days ago' /home/anna/Maildir/tmp/left`]);
    const later = await scanInside(server);
    expect(later.get('postfix')?.findings.filter(({ store }) => store === 'hold')).toMatchObject([{ code: 'access-too-wide' }]);
    expect(storeOf(later, 'dovecot', 'unfinished').leftovers).toMatchObject({ known: true, value: { items: 1 } });
    expect(scanned.get('postfix')?.findings.filter(({ store }) => store === 'hold')).toEqual([]);
  });

  it('prints a statement for each product, and what it looked for in vain', { timeout: SLOW_MS_MAX }, async () => {
    const { stdout, status } = await mailwardenInside(server, ['scan']);
    expect(status).toBeLessThanOrEqual(1);
    expect(stdout).toMatch(/^Found on this host: .*Postfix/);
    expect(stdout).toMatch(/^Looked for and not found: .*Kaspersky/m);
    expect(stdout.match(/^Data-provision statement of mx$/gm)).toHaveLength(6);
    expect(stdout, 'no name of a letter or of its sender').not.toMatch(/example\.test|remote\.test|away\.test|,S=\d+/);
  });
});
