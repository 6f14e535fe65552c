import { type Answer, type DecideReply, type DecideRequest, type ImportReply, type ImportRequest, type ProposalAnswer, type ProposalAnswered, type ProposalSummary } from '@mailwarden/contracts';
import { instantOf, sha256, type Sha256 } from '@mailwarden/kernel';
import type { QueryReply } from '@mailwarden/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlPlane, eventually } from './control-plane.js';
import { recordedOf } from './recorded.js';

const AGREEMENT = 'ksn-statement';
const HOUR_MS = 3_600_000;
const AT_ONCE = 8;

let plane: ControlPlane;

const request = (part: Partial<DecideRequest> = {}): DecideRequest => ({ agreement: AGREEMENT, textSha256: null, action: 'grant', scope: { kind: 'organisation' }, decidedBy: 'ada', onBehalfOf: 'Example organisation', means: 'console', reason: 'test', validUntil: null, region: null, decidedAt: null, ...part });
const decide = (part: Partial<DecideRequest> = {}): Promise<Answer<DecideReply>> => plane.questions.ask('consent.decide', request(part), { timeoutMs: 10_000 });
const proposed = async (part: Partial<DecideRequest> = {}): Promise<ProposalSummary> => {
  const answer = await decide(part);
  if (!answer.ok || !('waitsFor' in answer.value)) throw new Error(`it was not put before a second person: ${JSON.stringify(answer)}`);
  return answer.value.waitsFor;
};
const answer = (proposal: string, by: string, action: ProposalAnswer['action'] = 'confirm'): Promise<Answer<ProposalAnswered>> => plane.questions.ask('consent.answer-proposal', { proposal, action, by, reason: 'looked at it' }, { timeoutMs: 10_000 });
const overview = async (): Promise<Extract<QueryReply<'consent.overview'>, object>> => {
  const reply = await plane.questions.ask('consent.overview', {}, { timeoutMs: 10_000 });
  if (!reply.ok) throw new Error(reply.detail);
  return reply.value;
};
const waiting = async (): Promise<string[]> => (await overview()).proposals.map(({ id }) => id);
const counted = async (): Promise<number> => Number((await plane.sql<{ n: string }>('SELECT count(*) AS n FROM consent.decision'))[0]?.n);
const giveIn = async (agreement: string, text: string, label: string): Promise<Sha256> => {
  const reply = await plane.questions.ask('consent.add-text', { agreement, label, language: 'en', effectiveAt: null, text, by: 'ada' }, { timeoutMs: 10_000 });
  if (!reply.ok) throw new Error(reply.detail);
  return reply.value.textSha256;
};

beforeAll(async () => {
  plane = await ControlPlane.start(['mx-1']);
  await plane.enrol('mx-1');
  await plane.run('consent', { MAILWARDEN_CONSENT_TWO_PERSONS: 'grants' });
}, 120_000);
afterAll(async () => plane?.stop());

describe('a grant that takes two persons', () => {
  it('counts for nothing until another person confirms it, and then with both names', async () => {
    const before = await counted();
    const { id } = await proposed();
    expect([await counted(), await waiting()]).toEqual([before, [id]]);
    expect(await plane.entry('consent', 'organisation')).toBeUndefined();
    const reply = await answer(id, 'grace');
    expect(reply).toMatchObject({ ok: true, value: { recorded: [{ action: 'grant', decidedBy: 'ada', confirmedBy: 'grace', outrankedBy: null }] } });
    expect([await counted(), await waiting()]).toEqual([before + 1, []]);
    await eventually('it is published', async () => (await plane.entry('consent', 'organisation')) ?? undefined);
  });

  it('is not confirmed by whoever proposed it', async () => {
    const { id } = await proposed();
    const before = await counted();
    expect(await answer(id, 'ada')).toMatchObject({ ok: false, code: 'own-proposal' });
    expect([await counted(), await waiting()]).toEqual([before, [id]]);
    expect(await answer(id, 'ada', 'reject')).toMatchObject({ ok: true, value: { recorded: [] } });
    expect(await waiting()).toEqual([]);
  });

  it(`is recorded once, however many confirm it at the same time`, async () => {
    const { id } = await proposed();
    const before = await counted();
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => answer(id, `person-${index}`)));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    expect(answers.filter((one) => !one.ok && one.code === 'closed-proposal')).toHaveLength(AT_ONCE - 1);
    expect(await counted()).toBe(before + 1);
  });

  it('that was rejected, has lapsed or never was is not recorded', async () => {
    const before = await counted();
    const rejected = await proposed();
    await answer(rejected.id, 'grace', 'reject');
    const lapsed = await proposed();
    await plane.sql(`UPDATE consent.proposal SET lapses_at = $2 WHERE id = $1`, [lapsed.id, instantOf(Date.now() - 1)]);
    expect(await waiting()).toEqual([]);
    expect(await answer(rejected.id, 'grace')).toMatchObject({ ok: false, detail: expect.stringContaining('rejected already') });
    expect(await answer(lapsed.id, 'grace')).toMatchObject({ ok: false, detail: expect.stringContaining('has lapsed') });
    expect(await answer('00000000-0000-4000-8000-000000000000', 'grace')).toMatchObject({ ok: false, code: 'unknown-proposal' });
    expect(await counted()).toBe(before);
  });

  it('is checked anew when it is confirmed', async () => {
    const { id } = await proposed({ validUntil: instantOf(Date.now() + HOUR_MS) });
    await plane.sql(`UPDATE consent.proposal SET document = jsonb_set(document, '{decisions,0,validUntil}', $2) WHERE id = $1`, [id, JSON.stringify(instantOf(Date.now() - 1))]);
    expect(await answer(id, 'grace')).toMatchObject({ ok: false, code: 'already-over' });
    expect(await waiting()).toContain(id);
    await answer(id, 'grace', 'reject');
  });

  it('is of the text that was the newest for both: one that comes in meanwhile is not taken', async () => {
    const blind = await proposed();
    const first = await giveIn(AGREEMENT, 'The first text.\n', 'first');
    expect(await answer(blind.id, 'grace')).toMatchObject({ ok: false, code: 'unknown-text' });
    await answer(blind.id, 'grace', 'reject');
    const { id } = await proposed();
    await giveIn(AGREEMENT, 'The second text.\n', 'second');
    expect(await answer(id, 'grace')).toMatchObject({ ok: true, value: { recorded: [{ textSha256: first }] } });
  });

  it('that cannot be is refused at once, and puts nothing before anybody', async () => {
    expect(await decide({ agreement: 'ksn-statment' })).toMatchObject({ ok: false, code: 'unknown-agreement' });
    expect(await waiting()).toEqual([]);
  });
});

describe('a refusal, where only grants take two', () => {
  it('is recorded at once: what leaves a server can be stopped by one person', async () => {
    expect(recordedOf(await decide({ action: 'withdraw' }))).toMatchObject({ action: 'withdraw' });
  });
});

describe('a file of decisions', () => {
  const document = sha256('a file');
  const importing = (decisions: readonly Partial<DecideRequest>[], dryRun: boolean): Promise<Answer<ImportReply>> => {
    const asked: ImportRequest = { decisions: decisions.map((part) => { const { decidedBy: _by, means: _means, ...rest } = request({ agreement: 'eula', ...part }); return rest; }), documentSha256: document, by: 'ada', dryRun };
    return plane.questions.ask('consent.import', asked, { timeoutMs: 10_000 });
  };

  it('is confirmed as a whole, and recorded in its order', async () => {
    const before = await counted();
    const rows = [{ reason: 'one' }, { action: 'withdraw', reason: 'two' }, { reason: 'three' }] as const;
    expect(await importing(rows, true)).toMatchObject({ ok: true, value: { recorded: false, waitsFor: null, rows: [{ ok: true }, { ok: true }, { ok: true }] } });
    const reply = await importing(rows, false);
    if (!reply.ok || reply.value.waitsFor === null) throw new Error('it waits for nobody');
    expect(reply.value).toMatchObject({ recorded: false, waitsFor: { count: 3, documentSha256: document } });
    expect(await counted()).toBe(before);
    const whole = await plane.questions.ask('consent.proposal', { proposal: reply.value.waitsFor.id }, { timeoutMs: 10_000 });
    expect(whole).toMatchObject({ ok: true, value: { decisions: rows.map(({ reason }) => ({ reason, means: 'imported-document' })) } });
    expect(await answer(reply.value.waitsFor.id, 'grace')).toMatchObject({ ok: true, value: { recorded: rows.map(({ reason }) => ({ reason, documentSha256: document, decidedBy: 'ada', confirmedBy: 'grace' })) } });
    expect(await counted()).toBe(before + 3);
  });

  it('with a mistake in it is put before nobody', async () => {
    expect(await importing([{}, { agreement: 'no-such' }], false)).toMatchObject({ ok: true, value: { recorded: false, waitsFor: null, rows: [{ ok: true }, { ok: false }] } });
    expect(await waiting()).toEqual([]);
  });
});

describe('what it says', () => {
  it('are events that name nobody, each once', async () => {
    const { id } = await proposed();
    await answer(id, 'grace');
    const events = await eventually('both events', async () => {
      const [asked, answered] = await Promise.all([plane.said<{ data: { detail: { proposal: string } } }>('EVENTS', 'mw.event.consent.proposed.>'), plane.said<{ data: { detail: { proposal: string } } }>('EVENTS', 'mw.event.consent.answered.>')]);
      const own = [...asked, ...answered].filter(({ data }) => data.detail.proposal === id);
      return own.length === 2 ? own : undefined;
    });
    expect(JSON.stringify(events)).not.toMatch(/ada|grace/);
  });
});
