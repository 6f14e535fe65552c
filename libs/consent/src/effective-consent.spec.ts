import type { ConsentEntry, ConsentScope, PublishedDecision } from '@mailwarden/contracts';
import { instantOf, sha256, unknown, uuidOf, known, type ServerName } from '@mailwarden/kernel';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { desiredKsn, effectiveConsent } from './effective-consent.js';
import { EntryIndex } from './entry-index.js';
import { isWithin } from './ksn-reach.js';

const ORGANISATION: ConsentScope = { kind: 'organisation' };
const GROUP: ConsentScope = { kind: 'group', label: 'role', value: 'mx' };
const SERVER: ConsentScope = { kind: 'server', server: 'mx-1' as ServerName };
const TEXT = sha256('the text');

interface Decided {
  readonly scope: ConsentScope;
  readonly action: PublishedDecision['action'];
  readonly at: number;
  readonly text?: string;
  readonly until?: number;
}

const entriesOf = (decided: readonly Decided[]): ConsentEntry[] =>
  [ORGANISATION, GROUP, SERVER].map((scope, index) => ({
    schema: 'mailwarden/consent-entry/v1',
    scope,
    revision: index,
    publishedAt: instantOf(0),
    decisions: decided
      .filter((item) => item.scope.kind === scope.kind)
      .map((item, order) => ({
        decision: uuidOf(scope.kind, String(order)),
        agreement: 'ksn-statement',
        textSha256: item.text === undefined ? TEXT : sha256(item.text),
        action: item.action,
        decidedAt: instantOf(item.at),
        validUntil: item.until === undefined ? null : instantOf(item.until),
      })),
  }));

const stateOf = (decided: readonly Decided[], at = 1_000): string | undefined =>
  effectiveConsent({
    entries: new EntryIndex(entriesOf(decided)),
    server: 'mx-1',
    labels: { role: 'mx' },
    agreements: [{ id: 'ksn-statement', textSha256: known(TEXT) }],
    at: instantOf(at),
  })[0]?.state;

describe('effective consent', () => {
  it.each<[string, Decided[], string]>([
    ['nothing decided', [], 'undecided'],
    ['granted for all', [{ scope: ORGANISATION, action: 'grant', at: 1 }], 'granted'],
    ['withdrawn afterwards', [{ scope: ORGANISATION, action: 'grant', at: 1 }, { scope: ORGANISATION, action: 'withdraw', at: 2 }], 'withdrawn'],
    ['granted again', [{ scope: ORGANISATION, action: 'withdraw', at: 1 }, { scope: ORGANISATION, action: 'grant', at: 2 }], 'granted'],
    ['one server refuses, all grant later', [{ scope: SERVER, action: 'decline', at: 1 }, { scope: ORGANISATION, action: 'grant', at: 2 }], 'declined'],
    ['all withdraw after one server granted', [{ scope: SERVER, action: 'grant', at: 1 }, { scope: ORGANISATION, action: 'withdraw', at: 2 }], 'withdrawn'],
    ['one server grants after all refused', [{ scope: ORGANISATION, action: 'decline', at: 1 }, { scope: SERVER, action: 'grant', at: 2 }], 'granted'],
    ['the text was replaced', [{ scope: ORGANISATION, action: 'grant', at: 1, text: 'an older text' }], 'text-changed'],
    ['the grant ran out', [{ scope: ORGANISATION, action: 'grant', at: 1, until: 999 }], 'expired'],
    ['a decision of the future', [{ scope: ORGANISATION, action: 'grant', at: 2_000 }], 'undecided'],
    ['grant and refusal at one instant', [{ scope: ORGANISATION, action: 'grant', at: 1 }, { scope: ORGANISATION, action: 'decline', at: 1 }], 'declined'],
  ])('%s', (_name, decided, state) => {
    expect(stateOf(decided)).toBe(state);
  });

  it('agrees with a naive replay for every history', () => {
    const decided = fc.record({ scope: fc.constantFrom(ORGANISATION, GROUP, SERVER), action: fc.constantFrom('grant', 'decline', 'withdraw'), at: fc.integer({ min: 0, max: 900 }) });
    fc.assert(
      fc.property(fc.uniqueArray(decided, { selector: (item) => item.at, maxLength: 12 }), (history) => {
        // Replay: walk time forward, remember per scope; a later refusal clears what was granted in narrower scopes.
        const rank = { organisation: 0, group: 1, server: 2 };
        const standing: ('grant' | 'refuse' | undefined)[] = [undefined, undefined, undefined];
        for (const item of [...history].sort((a, b) => a.at - b.at)) {
          const own = rank[item.scope.kind];
          standing[own] = item.action === 'grant' ? 'grant' : 'refuse';
          if (item.action !== 'grant') for (let narrower = own + 1; narrower < 3; narrower += 1) if (standing[narrower] === 'grant') standing[narrower] = undefined;
        }
        const granted = standing.some((word, own) => word === 'grant' && !standing.some((other, narrower) => narrower > own && other === 'refuse'));
        expect(stateOf(history) === 'granted').toBe(granted);
      }),
    );
  });

  it('does not let an unreadable text pass for another one', () => {
    const [consent] = effectiveConsent({
      entries: new EntryIndex(entriesOf([{ scope: ORGANISATION, action: 'grant', at: 1 }])),
      server: 'mx-1',
      labels: {},
      agreements: [{ id: 'ksn-statement', textSha256: unknown('the file cannot be read') }],
      at: instantOf(5),
    });
    expect(consent?.state).toBe('granted');
  });

  it('derives what KSN may do', () => {
    const granted = (agreement: string) => ({ agreement, state: 'granted' as const, because: '', decision: null });
    expect(desiredKsn([])).toBe('off');
    expect(desiredKsn([granted('supplementary-ksn-statement')])).toBe('off');
    expect(desiredKsn([granted('ksn-statement')])).toBe('basic');
    expect(desiredKsn([granted('ksn-statement'), granted('supplementary-ksn-statement')])).toBe('extended');
    expect(isWithin('extended', 'basic')).toBe(false);
    expect(isWithin('private', 'off')).toBe(true);
  });
});
