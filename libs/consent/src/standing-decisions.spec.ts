import type { ConsentEntry, ConsentScope, Decision } from '@mailwarden/contracts';
import { instantOf, known, sha256, unknown, uuidOf, type ServerName } from '@mailwarden/kernel';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { effectiveConsent, type EffectiveConsent } from './effective-consent.js';
import { EntryIndex } from './entry-index.js';
import { consentAt, published, standingOf } from './standing-decisions.js';

const SCOPES: readonly ConsentScope[] = [{ kind: 'organisation' }, { kind: 'group', label: 'role', value: 'mx' }, { kind: 'group', label: 'role', value: 'archive' }, { kind: 'server', server: 'mx-1' as ServerName }];
const AGREEMENTS = ['eula', 'ksn-statement'];
const TEXTS = [null, sha256('an older text'), sha256('the text')];
const HOST = { server: 'mx-1', labels: { role: 'mx', region: 'eu' }, agreements: AGREEMENTS.map((id) => ({ id, textSha256: known(sha256('the text')) })) };

interface Drawn {
  readonly scope: number;
  readonly agreement: number;
  readonly action: Decision['action'];
  readonly decided: number;
  readonly late: number;
  readonly lasts: number | null;
  readonly text: number;
  readonly region: string | null;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  scope: fc.nat({ max: SCOPES.length - 1 }),
  agreement: fc.nat({ max: AGREEMENTS.length - 1 }),
  action: fc.constantFrom('grant', 'decline', 'withdraw'),
  decided: fc.nat({ max: 40 }),
  late: fc.constantFrom(0, 0, 0, 5, 20),
  lasts: fc.constantFrom(null, null, 10, 30),
  text: fc.nat({ max: TEXTS.length - 1 }),
  region: fc.constantFrom(null, null, 'eu', 'us'),
});

/** Recorded in the order of the list; an older document is recorded later than it was decided. */
const decisionsOf = (list: readonly Drawn[]): Decision[] =>
  list.map((one, order) => ({
    id: uuidOf('decision', String(order)), agreement: AGREEMENTS[one.agreement] ?? '', textSha256: TEXTS[one.text] ?? null, action: one.action, scope: SCOPES[one.scope] ?? { kind: 'organisation' },
    decidedBy: 'op', onBehalfOf: 'Example organisation', means: 'console', reason: 'test', decidedAt: instantOf(one.decided * 1_000), recordedAt: instantOf((one.decided + one.late) * 1_000 + order),
    validUntil: one.lasts === null ? null : instantOf((one.decided + one.lasts) * 1_000), region: one.region,
  } as Decision));

const RANK = { organisation: 0, group: 1, server: 2 } as const;

/**
 * The naive machine: a person walks through the decisions in the order of their instants with a sheet of paper for each agreement.
 * A line of the sheet is a scope with its last word; a refusal strikes the grants of narrower scopes that stand on it, for good.
 */
function replay(decisions: readonly Decision[], agreement: string, at: string, knownAt: string): string {
  const counted = decisions.filter((one) => one.agreement === agreement && one.decidedAt <= at && one.recordedAt <= knownAt && (one.scope.kind !== 'group' || one.scope.value === 'mx'));
  const sheet: (Decision | undefined)[] = [undefined, undefined, undefined];
  // Of two at one instant the refusal has the last word.
  for (const one of [...counted].sort((a, b) => (a.decidedAt === b.decidedAt ? Number(a.action !== 'grant') - Number(b.action !== 'grant') || (a.recordedAt < b.recordedAt ? -1 : 1) : a.decidedAt < b.decidedAt ? -1 : 1))) {
    const own = RANK[one.scope.kind];
    sheet[own] = one;
    if (one.action !== 'grant') for (let narrower = own + 1; narrower < 3; narrower += 1) if (sheet[narrower]?.action === 'grant') sheet[narrower] = undefined;
  }
  const grant = [2, 1, 0].find((own) => sheet[own]?.action === 'grant' && ![0, 1, 2].some((other) => other > own && sheet[other] !== undefined && sheet[other]?.action !== 'grant'));
  const word = grant === undefined ? undefined : sheet[grant];
  if (word === undefined) {
    const refusal = [2, 1, 0].map((own) => sheet[own]).find((one) => one !== undefined && one.action !== 'grant');
    return refusal === undefined ? 'undecided' : refusal.action === 'withdraw' ? 'withdrawn' : 'declined';
  }
  if (word.validUntil !== null && word.validUntil <= at) return 'expired';
  if (word.region !== null && word.region !== HOST.labels.region) return 'region-changed';
  return word.textSha256 !== null && word.textSha256 !== sha256('the text') ? 'text-changed' : 'granted';
}

const stateOf = (rows: readonly EffectiveConsent[], agreement: string): string | undefined => rows.find((row) => row.agreement === agreement)?.state;

describe('consent at an instant, as known at another', () => {
  it('is what a naive replay says, for every history of decisions, versions, scopes, regions and clocks', () => {
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 14 }), fc.nat({ max: 70 }), fc.nat({ max: 70 }), (list, at, knownAt) => {
        const decisions = decisionsOf(list);
        const [atInstant, knownInstant] = [instantOf(at * 1_000 + 500), instantOf(knownAt * 1_000 + 500)];
        const rows = consentAt({ ...HOST, decisions, at: atInstant, knownAt: knownInstant });
        for (const agreement of AGREEMENTS) expect(stateOf(rows, agreement)).toBe(replay(decisions, agreement, atInstant, knownInstant));
      }),
      { numRuns: 2_000 },
    );
  });

  it('does not change any more for an instant and a knowledge that are past, whatever is recorded later', () => {
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 10 }), drawn, fc.nat({ max: 60 }), (list, later, at) => {
        const decisions = decisionsOf(list);
        const knownAt = decisions.reduce((newest, { recordedAt }) => (recordedAt > newest ? recordedAt : newest), instantOf(0));
        const more = decisionsOf([...list, later]).map((one, place) => (place === list.length ? { ...one, recordedAt: instantOf(Date.parse(knownAt) + 1) } : one));
        expect(consentAt({ ...HOST, decisions: more, at: instantOf(at * 1_000), knownAt })).toEqual(consentAt({ ...HOST, decisions, at: instantOf(at * 1_000), knownAt }));
      }),
    );
  });

  it('what is published of a scope says as much as all of its decisions', () => {
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 14 }), fc.integer({ min: 41, max: 90 }), (list, at) => {
        const decisions = decisionsOf(list).sort((a, b) => (a.recordedAt < b.recordedAt ? -1 : 1));
        const entry = (own: readonly Decision[], scope: ConsentScope): ConsentEntry => ({ schema: 'mailwarden/consent-entry/v1', scope, revision: 1, publishedAt: instantOf(0), decisions: own.map(published) });
        const scoped = SCOPES.map((scope) => ({ scope, own: decisions.filter((one) => one.scope === scope) }));
        const host = { ...HOST, at: instantOf(at * 1_000) };
        const whole = effectiveConsent({ ...host, entries: new EntryIndex(scoped.map(({ scope, own }) => entry(own, scope))) });
        const short = effectiveConsent({ ...host, entries: new EntryIndex(scoped.map(({ scope, own }) => entry(standingOf(own), scope))) });
        expect(short.map(({ agreement, state }) => [agreement, state])).toEqual(whole.map(({ agreement, state }) => [agreement, state]));
      }),
    );
  });
});

describe('a clock that is behind', () => {
  it('does not keep a withdrawal from counting', () => {
    const [grant, withdrawal] = decisionsOf([{ scope: 0, agreement: 1, action: 'grant', decided: 1, late: 0, lasts: null, text: 2, region: null }, { scope: 0, agreement: 1, action: 'withdraw', decided: 30, late: 0, lasts: null, text: 0, region: null }]);
    const entries = new EntryIndex([{ schema: 'mailwarden/consent-entry/v1', scope: { kind: 'organisation' }, revision: 2, publishedAt: instantOf(30_000), decisions: [grant, withdrawal].flatMap((one) => (one === undefined ? [] : [published(one)])) }]);
    const clock = instantOf(5_000);
    expect(stateOf(effectiveConsent({ ...HOST, entries, at: clock }), 'ksn-statement')).toBe('granted');
    expect(entries.judgedAt(clock)).toBe(instantOf(30_000));
    expect(stateOf(effectiveConsent({ ...HOST, entries, at: entries.judgedAt(clock) }), 'ksn-statement')).toBe('withdrawn');
    expect(entries.judgedAt(instantOf(99_000))).toBe(instantOf(99_000));
  });
});

describe('a grant for a region', () => {
  const granted = decisionsOf([{ scope: 0, agreement: 0, action: 'grant', decided: 1, late: 0, lasts: null, text: 2, region: 'eu' }]);
  const at = { decisions: granted, at: instantOf(5_000), knownAt: instantOf(5_000) };

  it('counts there alone, and not where nobody says which region it is', () => {
    expect(consentAt({ ...HOST, ...at })[0]).toMatchObject({ state: 'granted' });
    expect(consentAt({ ...HOST, ...at, labels: { region: 'us' } })[0]).toMatchObject({ state: 'region-changed', because: 'granted for the region eu; this server is in us' });
    expect(consentAt({ ...HOST, ...at, labels: {} })[0]).toMatchObject({ state: 'region-changed', because: 'granted for the region eu; this server has no label that says its region' });
    expect(consentAt({ ...HOST, ...at, agreements: [{ id: 'eula', textSha256: unknown('not read') }] })[0]).toMatchObject({ state: 'granted' });
  });
});
