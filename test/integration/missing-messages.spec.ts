import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { agentSource, type MissingMessagesView } from '@mailwarden/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './control-plane.js';
import { Doors, PASSWORD, type Session } from './doors.js';
import type { FleetSpeaker } from './fleet-speaker.js';
import { RealAgent } from './real-agent.js';

const API = '/api/v1';
const SUITE_MS = 90_000;

describe('messages that were numbered', () => {
  let doors: Doors;
  const speakers = new Map<string, FleetSpeaker>();
  const sessions = new Map<string, Session>();

  const as = (role: string): Record<string, string> => ({ cookie: sessions.get(role)?.cookie ?? '', 'x-csrf-token': sessions.get(role)?.csrf ?? '' });
  const observe = (server: string, sequence: number): Promise<Uint8Array> => speakers.get(server)?.observe({}, Date.now(), { sequence }) ?? Promise.reject(new Error('nobody'));
  const open = async (server: string, code: string): Promise<string | undefined> => (await doors.plane.sql<{ message: string }>(`SELECT message FROM reporting.finding WHERE server = $1 AND code = $2 AND state = 'open'`, [server, code]))[0]?.message;
  const found = (server: string, code: string, message: RegExp): Promise<string> => eventually(`${code} of ${server}`, async () => { const told = await open(server, code); return told !== undefined && message.test(told) ? told : undefined; });
  const closed = (server: string, code: string): Promise<true> => eventually(`${code} of ${server} is closed`, async () => ((await open(server, code)) === undefined ? true : undefined));
  const settled = (): Promise<void> => doors.plane.settled('reporting-observations', 'reporting-evidence');

  beforeAll(async () => {
    const servers = ['mx-1', 'mx-2', 'mx-3', 'mx-4', 'mx-5'];
    doors = await Doors.start(servers, { MAILWARDEN_GAP_GRACE_SECONDS: '1' });
    for (const role of ['viewer', 'operator']) {
      await doors.addOperator(role, role);
      sessions.set(role, await doors.signIn({ name: role, password: PASSWORD }));
    }
    for (const server of servers) speakers.set(server, await doors.plane.speaker(server));
  }, SUITE_MS);
  afterAll(() => doors?.close());

  it('are missing until they come late, one by one and in any order', { timeout: SUITE_MS }, async () => {
    for (const sequence of [1, 2, 3, 8]) await observe('mx-1', sequence);
    await found('mx-1', 'messages-missing', /^4 messages of this agent did not arrive: numbers 4 to 7$/);
    await observe('mx-1', 5);
    await found('mx-1', 'messages-missing', /^3 messages of this agent did not arrive: numbers 4, 6 to 7$/);
    for (const sequence of [7, 4, 6]) await observe('mx-1', sequence);
    await closed('mx-1', 'messages-missing');
    await observe('mx-1', 9);
    await settled();
    expect(await doors.plane.sql(`SELECT 1 FROM reporting.sequence_gap WHERE source = $1`, [agentSource('mx-1')])).toEqual([]);
    expect(await open('mx-1', 'numbering-anew')).toBeUndefined();
  });

  it('are counted over both streams that an agent speaks into, and once however often they are delivered', async () => {
    const agent = speakers.get('mx-2');
    for (let round = 0; round < 5; round += 1) {
      await agent?.observe();
      const said = await agent?.attest({});
      if (said !== undefined) await agent?.repeat('mw.attestation.mx-2', said);
    }
    await settled();
    expect(await doors.plane.sql<{ head: string; epoch: number }>(`SELECT head, epoch FROM reporting.sequence_line WHERE source = $1`, [agentSource('mx-2')])).toEqual([{ head: '10', epoch: 0 }]);
    expect(await doors.plane.sql(`SELECT 1 FROM reporting.sequence_gap WHERE source = $1`, [agentSource('mx-2')])).toEqual([]);
  });

  it('are accepted by an operator when they will not come; what comes all the same is taken', { timeout: SUITE_MS }, async () => {
    await observe('mx-3', 1);
    await observe('mx-3', 4);
    await found('mx-3', 'messages-missing', /numbers 2 to 3$/);
    const source = agentSource('mx-3');
    const accept = (role: string, body: object) => doors.json(`${API}/missing-messages/accept`, body, { headers: as(role) });
    expect((await accept('viewer', { source, reason: 'the disk broke' })).status).toBe(403);
    const { missing } = JSON.parse((await doors.knock(`${API}/missing-messages`, { headers: as('operator') })).text) as MissingMessagesView;
    expect(missing).toContainEqual({ source, line: 'agent', first: 2, last: 3, seenAt: expect.any(String) });
    expect(JSON.parse((await accept('operator', { source, reason: 'the disk broke' })).text)).toEqual({ accepted: 1 });
    expect(JSON.parse((await accept('operator', { source, reason: 'again' })).text)).toEqual({ accepted: 0 });
    await closed('mx-3', 'messages-missing');
    expect(await doors.plane.sql(`SELECT 1 FROM reporting.ledger_entry WHERE kind = 'operator-action' AND document -> 'facts' ->> 'action' = 'missing-messages-accepted'`)).toHaveLength(1);
    await observe('mx-3', 2);
    await settled();
    expect(await doors.plane.sql(`SELECT first, last FROM reporting.sequence_gap WHERE source = $1`, [source])).toEqual([{ first: '3', last: '3' }]);
    expect(await open('mx-3', 'numbering-anew')).toBeUndefined();
    await observe('mx-3', 9);
    await found('mx-3', 'messages-missing', /numbers 5 to 8$/);
  });

  it('begin anew where a disk was put back: told as that, until it is accepted', { timeout: SUITE_MS }, async () => {
    for (const sequence of [1, 2, 3, 4, 5]) await observe('mx-4', sequence);
    await settled();
    for (const sequence of [3, 4]) await observe('mx-4', sequence);
    await found('mx-4', 'numbering-anew', /up to 5 and then began again at 3: its disk was put back/);
    expect(await open('mx-4', 'messages-missing')).toBeUndefined();
    await doors.json(`${API}/missing-messages/accept`, { source: agentSource('mx-4'), reason: 'restored' }, { headers: as('operator') });
    await closed('mx-4', 'numbering-anew');
    await observe('mx-4', 5);
    await settled();
    expect(await open('mx-4', 'numbering-anew')).toBeUndefined();
  });

  it('begin anew where a real agent starts with an empty outbox, and are without a gap otherwise', { timeout: SUITE_MS }, async () => {
    const agent = await RealAgent.prepare('mx-5', doors.plane.nats);
    try {
      const head = async (): Promise<{ epoch: number; head: number }> => {
        const [row] = await doors.plane.sql<{ epoch: number; head: string }>(`SELECT epoch, head FROM reporting.sequence_line WHERE source = $1`, [agentSource('mx-5')]);
        return { epoch: row?.epoch ?? 0, head: Number(row?.head ?? 0) };
      };
      await agent.start();
      await eventually('some are heard', async () => ((await head()).head >= 3 ? true : undefined), 40_000);
      await agent.end();
      await agent.start();
      const before = (await head()).head;
      await eventually('it goes on', async () => ((await head()).head > before ? true : undefined), 40_000);
      await agent.end();
      await settled();
      expect({ epoch: (await head()).epoch, gaps: await doors.plane.sql(`SELECT 1 FROM reporting.sequence_gap WHERE source = $1`, [agentSource('mx-5')]) }).toEqual({ epoch: 0, gaps: [] });
      await rm(join(agent.spoolDir, 'outbox'), { recursive: true });
      await agent.start();
      await found('mx-5', 'numbering-anew', /began again at 1: its outbox was emptied or it was installed anew/);
    } finally {
      await agent.remove();
    }
  });
});
