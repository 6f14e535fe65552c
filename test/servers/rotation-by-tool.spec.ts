import { eventually } from '@mailwarden/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RotateDocument } from '../../apps/cli/src/output/rotate-json.js';
import { whyNoMailServer } from '../../scripts/mail-server/prerequisites.ts';
import { startMailServer, type RunningServer } from '../../scripts/mail-server/running-server.ts';
import { SHOWN_PRODUCT } from '../../scripts/mail-server/shown-product.ts';
import { dovecotLetters } from './independent-tools.js';
import { lettersIn, sendLetters, whileLettersCome } from './letters.js';
import { receiptOf, rotateInside, rotatedStore, type Wanted } from './rotated.js';

const why = whyNoMailServer();
/** The build is part of it where no image is there yet. Units: milliseconds. */
const READY_MS_MAX = 600_000;
const SETTLED_MS_MAX = 60_000;
const ROUNDS = 5;
/** A letter that was written to lately is left alone for so long. Units: seconds. */
const QUIET_SECONDS = 10;
/** What comes while the tools run is held for so long; Postfix tries again later than that what could not be delivered before. Units: milliseconds. */
const HELD_MS = 200_000;

const HOLD = '/var/spool/postfix/hold';
const DEFERRED = '/var/spool/postfix/deferred';
const MAILDIR = '/home/anna/Maildir';
const ADDRESSES = ['held@example.test', 'anna@example.test', 'far@away.test'];
const ofKind = (letters: readonly string[], kind: string): string[] => letters.filter((letter) => letter.endsWith(`-${kind}`)).sort();

describe.skipIf(why !== null)(`the products' own tools, on a real mail gateway${why === null ? '' : ` (skipped: ${why})`}`, () => {
  let server: RunningServer;
  let planned: RotateDocument;
  let applied: RotateDocument;
  let came: readonly string[];
  /** A held letter that the policy leaves out, by its place in the queue. */
  let spared: string;

  /** Old letters everywhere: held, that cannot be delivered, thrown away; one of the thrown away has a name that no tool is given. */
  async function fillWithOld(): Promise<void> {
    await eventually('rspamd and Amavis', SETTLED_MS_MAX, async () => ((await server.run(['/bin/sh', '-c', 'rspamc --connect 127.0.0.1:11334 stat && ss -Hltn "sport = :10024" | grep -q .'])).status === 0 ? true : undefined));
    await sendLetters(server, 'old', ROUNDS, ADDRESSES);
    await eventually('the old letters', SETTLED_MS_MAX, async () => {
      const places = [HOLD, DEFERRED, `${MAILDIR}/new`];
      const counts = await Promise.all(places.map(async (place) => (await lettersIn(server, place)).length));
      return counts.every((count) => count === ROUNDS) ? true : undefined;
    });
    await server.output(['/bin/sh', '-c', `doveadm mailbox create -u anna Trash && doveadm move -u anna Trash mailbox INBOX all && install -o anna -g anna -m 600 /dev/null "${MAILDIR}/.Trash/cur/1.left by hand:2,S"`]);
    await server.output(['/bin/sh', '-c', 'for round in 1 2 3 4; do for line in $(seq 200); do echo "line $round $line"; done | logger; journalctl --sync; journalctl --rotate; done']);
    spared = (await server.output(['/bin/sh', '-c', `grep --recursive --files-with-matches --text 'old-3-held@' ${HOLD}`])).trim();
  }

  /** Letters that came while the tools ran are where they belong, each of them, and nothing else is. */
  const allArrived = (place: string, kind: string): Promise<unknown> =>
    eventually(`the new letters in ${place}`, SETTLED_MS_MAX, async () => {
      expect(await lettersIn(server, place)).toEqual(ofKind(came, kind));
      return true;
    });

  async function wanted(): Promise<Wanted[]> {
    const files = (await server.output(['/bin/sh', '-c', "find /var/log/journal -type f -printf '%T@ %b\\n' | sort --numeric-sort"])).trim().split('\n').map((line) => Number(line.split(' ')[1]) * 512);
    return [
      { store: 'postfix/deferred', limits: '{ age: 2 seconds }', more: ['clock: born'] },
      { store: 'postfix/hold', limits: '{ age: 2 seconds }', more: [`exclude: [ "${spared}" ]`] },
      { store: 'dovecot/trash', limits: '{ age: 2 seconds }' },
      // One byte more than the oldest file: two have to go.
      { store: 'linux-host/journal', limits: `{ bytes: ${files.reduce((sum, bytes) => sum + bytes, 0) - (files[0] ?? 0) - 1} B }` },
    ];
  }

  beforeAll(async () => {
    server = await startMailServer('gateway', { shown: SHOWN_PRODUCT, filled: false });
    await fillWithOld();
    const filledAtMs = Date.now();
    const policies = await wanted();
    await eventually('letters that are old', SETTLED_MS_MAX, async () => (Date.now() - filledAtMs > QUIET_SECONDS * 1000 ? true : undefined));
    planned = await rotateInside(server, policies, ['--list']);
    // Whatever comes from now on is held, however old the policies want it.
    const fromMs = Date.now();
    const held = { stores: ['postfix/hold', 'postfix/deferred', 'dovecot/trash'], from: new Date(fromMs).toISOString(), until: new Date(fromMs + HELD_MS).toISOString() };
    ({ result: applied, came } = await whileLettersCome(server, ADDRESSES, () => rotateInside(server, policies, ['--apply'], held)));
  }, READY_MS_MAX);
  afterAll(() => server?.stop());

  it('deletes the held letters that the policy names, and loses none that came meanwhile', async () => {
    expect(receiptOf(applied, 'hold')).toMatchObject({ outcome: 'completed', planned: { items: ROUNDS - 1 }, deleted: { items: ROUNDS - 1 }, facts: { tool: '/usr/sbin/postsuper' }, notes: [] });
    expect(ofKind(came, 'held').length).toBeGreaterThan(0);
    expect((await lettersIn(server, HOLD)).sort()).toEqual([...ofKind(came, 'held'), 'old-3-held'].sort());
  });

  it('deletes what could not be delivered, by the moment it arrived', { timeout: 2 * SETTLED_MS_MAX }, async () => {
    expect(receiptOf(applied, 'deferred')).toMatchObject({ outcome: 'completed', deleted: { items: ROUNDS }, facts: { tool: '/usr/sbin/postsuper' }, notes: [] });
    await allArrived(DEFERRED, 'far');
    expect(await lettersIn(server, '/var/spool/postfix/defer /var/spool/postfix/active /var/spool/postfix/incoming'), 'what Postfix noted of them is gone as well').toEqual([]);
  });

  it('has Dovecot expunge what was thrown away, and its indexes know', { timeout: 2 * SETTLED_MS_MAX }, async () => {
    expect(receiptOf(applied, 'trash')).toMatchObject({ outcome: 'completed', deleted: { items: ROUNDS }, facts: { tool: '/usr/bin/doveadm' } });
    expect(receiptOf(applied, 'trash').skipped).toContainEqual({ reason: 'unnameable', items: 1 });
    expect(await lettersIn(server, `${MAILDIR}/.Trash`), 'neither letters nor what Dovecot remembers of their headers').toEqual([]);
    expect(await dovecotLetters(server, 'anna', 'Trash'), 'the one that no tool is given').toBe(1);
    await allArrived(`${MAILDIR}/new`, 'anna');
    expect(await dovecotLetters(server, 'anna', 'INBOX')).toBe(ofKind(came, 'anna').length);
  });

  it('has journald drop its two oldest files, and no line that came later', async () => {
    const receipt = receiptOf(applied, 'journal');
    expect(receipt).toMatchObject({ outcome: 'completed', planned: { items: 2 }, deleted: { items: 2, bytes: receipt.planned.bytes }, facts: { tool: '/usr/bin/journalctl' }, notes: [] });
    const lines = await server.output(['/bin/journalctl', '--quiet', '--output=cat', '--grep=^line [0-9]+ 200$']);
    expect(lines.trim().split('\n').at(-1)).toBe('line 4 200');
    expect((await server.run(['/bin/journalctl', '--verify', '--quiet'])).status).toBe(0);
  });

  it('has told beforehand exactly what went, and tells no name of a letter', () => {
    const names = (store: string): string[] => (planned.list ?? []).filter((item) => item.store === store).map(({ name }) => Buffer.from(name, 'base64').toString('latin1'));
    expect(names('hold')).toHaveLength(ROUNDS - 1);
    expect(names('hold')).not.toContain(spared);
    for (const store of ['hold', 'deferred', 'journal']) expect(rotatedStore(applied, store).planned.items, store).toBe(rotatedStore(planned, store).planned.items);
    expect(JSON.stringify(applied)).not.toMatch(/anna|letters\.test|\.mx,S=/);
  });
});
