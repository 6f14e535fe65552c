import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Decision, DecideRequest } from '@mailwarden/contracts';
import { sha256 } from '@mailwarden/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandFailure } from '../../apps/cli/src/failure.js';
import { eventually } from './control-plane.js';
import { Doors, PASSWORD, type Answer, type Session } from './doors.js';
import { letCliIn, told } from './doors-cli.js';
import { recordedOf } from './recorded.js';

const TEXT = 'Statement\n1. What is sent.\n';
const AGREEMENT = 'ksn-statement';
const RECORD = '/api/v1/consents/record';

type Node = Readonly<Record<string, unknown>>;

let doors: Doors;
/** Of somebody who may only look. */
let reader: Session;

const decided = async (part: Partial<DecideRequest>): Promise<Decision> => {
  const request: DecideRequest = { agreement: AGREEMENT, textSha256: null, action: 'grant', scope: { kind: 'organisation' }, decidedBy: 'jane.doe', onBehalfOf: 'Example organisation', means: 'console', reason: 'decided by the board', validUntil: null, region: null, decidedAt: null, ...part };
  return recordedOf(await doors.plane.questions.ask('consent.decide', request, { timeoutMs: 10_000 }));
};
const ask = (query: string, headers: Readonly<Record<string, string>> = { cookie: reader.cookie }): Promise<Answer> => doors.knock(`${RECORD}?${query}`, { headers });
const document = async (query: string): Promise<Node> => JSON.parse((await ask(query)).text) as Node;
const events = (record: Node): Node[] => record['dpv:hasConsentStatus'] as Node[];

const cli = async (...args: readonly string[]): Promise<string> => (await told(doors, ...args)).text;

beforeAll(async () => {
  doors = await Doors.start(['mx-1', 'mx-2']);
  for (const server of ['mx-1', 'mx-2']) await doors.plane.enrol(server);
  await doors.plane.run('consent');
  await doors.addOperator('reader', 'viewer');
  reader = await doors.signIn({ name: 'reader', password: PASSWORD });
  await letCliIn(doors);
}, 120_000);
afterAll(async () => doors?.close());

describe('a consent record, from the registry by the reporting service', () => {
  it('is none before anything was decided, none of an agreement that nobody knows, and nobody\'s without a session', async () => {
    expect(await ask(`agreement=${AGREEMENT}`)).toMatchObject({ status: 422, text: expect.stringContaining('nothing was decided on ksn-statement yet') });
    expect(await ask('agreement=ksn-statment')).toMatchObject({ status: 422, text: expect.stringContaining('did you mean ksn-statement?') });
    expect((await ask('')).status).toBe(400);
    expect((await ask(`agreement=${AGREEMENT}&decision=none`)).status).toBe(400);
    expect((await ask(`agreement=${AGREEMENT}`, {})).status).toBe(401);
  });

  it('says what was decided, about which text, with the hash that the ledger was told, and which servers applied it', async () => {
    await doors.plane.questions.ask('consent.add-text', { agreement: AGREEMENT, label: '2026-11', language: 'de', effectiveAt: null, text: TEXT, by: 'op' }, { timeoutMs: 10_000 });
    // A decision on something else in between takes a revision of the same scope.
    const grant = await decided({});
    await decided({ agreement: 'eula' });
    const withdrawal = await decided({ action: 'withdraw', decidedBy: 'john.roe' });
    await (await doors.plane.speaker('mx-1')).attest({ organisation: 3 });
    await (await doors.plane.speaker('mx-2')).attest({ organisation: 2 });
    await doors.plane.settled('consent-attestations');

    const answer = await ask(`agreement=${AGREEMENT}`);
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': expect.stringMatching(/^application\/ld\+json/), 'cache-control': 'no-store' } });
    const record = JSON.parse(answer.text) as Node;
    expect(record).toMatchObject({ '@type': 'dpv:ConsentRecord', 'dct:conformsTo': { '@id': 'dpv-27560:record' }, 'dpv:hasDataSubject': { '@id': 'dpv:NotApplicable' } });
    expect(events(record).map((event) => [event['@type'], event['dct:identifier']])).toEqual([['dpv:ConsentGiven', grant.id], ['dpv:ConsentWithdrawn', withdrawal.id]]);
    expect(events(record).map((event) => (event['dct:provenance'] as Node)['dct:description'])).toEqual([expect.stringMatching(/^2 of 2 servers/), expect.stringMatching(/^1 of 2 servers.*not yet: mx-2\.$/)]);
    expect(record['dpv:hasNotice']).toEqual(expect.arrayContaining([expect.objectContaining({ 'dcat:version': '2026-11', 'dct:language': 'de', 'spdx:checksum': expect.objectContaining({ 'spdx:checksumValue': { '@type': 'xsd:hexBinary', '@value': sha256(TEXT) } }) })]));
    expect((record['dpv:hasEntity'] as Node[]).map((party) => party['dpv:hasName']).sort()).toEqual(['Example organisation', 'Kaspersky', 'jane.doe', 'john.roe']);

    const stated = await eventually('evidence of both decisions', async () => {
      const said = (await doors.plane.said<{ data: { kind: string; id: string; documentSha256: string } }>('EVIDENCE', 'mw.evidence.consent')).map(({ data }) => data);
      const own = [grant, withdrawal].map(({ id }) => said.find((evidence) => evidence.kind === 'decision' && evidence.id === id)?.documentSha256);
      return own.includes(undefined) ? undefined : own;
    });
    expect(events(record).map((event) => ((event['spdx:checksum'] as Node)['spdx:checksumValue'] as Node)['@value'])).toEqual(stated);
  });

  it('is told of one decision as its receipt, and of none that is not of the agreement', async () => {
    const [grant] = events(await document(`agreement=${AGREEMENT}`));
    const receipt = await document(`agreement=${AGREEMENT}&decision=${String(grant?.['dct:identifier'])}`);
    expect(receipt).toMatchObject({ '@type': 'dpv:ConsentReceipt', 'dct:conformsTo': { '@id': 'dpv-27560:receipt' } });
    expect(events(receipt['dpv:hasRecordOfActivity'] as Node)).toEqual([grant]);
    expect(await ask(`agreement=eula&decision=${String(grant?.['dct:identifier'])}`)).toMatchObject({ status: 422, text: expect.stringContaining('no decision on eula is called') });
  });

  it('stays when no profile has its agreement any more', async () => {
    await doors.plane.sql(`INSERT INTO consent.decision (id, agreement, scope_key, document) SELECT gen_random_uuid(), 'an-older-agreement', 'server.mx-1', document FROM consent.decision LIMIT 1`);
    expect(JSON.stringify(await document('agreement=an-older-agreement'))).toContain('no profile has this agreement any more');
  });

  it('comes by command: printed, or into a new file that nobody else may read', async () => {
    const { 'dct:created': _created, ...record } = await document(`agreement=${AGREEMENT}`);
    expect(JSON.parse(await cli('consent', 'record', AGREEMENT))).toMatchObject(record);
    const file = join(doors.plane.dir, 'record.jsonld');
    expect(await cli('consent', 'record', AGREEMENT, '--output', file)).toContain(`The consent record of ${AGREEMENT} is in ${file}`);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject(record);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await expect(cli('consent', 'record', AGREEMENT, '--output', file)).rejects.toThrow(/it is there already/);
    await expect(cli('consent', 'record', 'ksn')).rejects.toThrow(CommandFailure);
  });
});
