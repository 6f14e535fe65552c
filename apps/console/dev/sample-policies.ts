import { POLICY_TEXT } from './sample-consent.js';
import { ago, DAY, hash, HOUR, id, MINUTE } from './sample-time.js';

const nameOf = (text: string): string => /^name: ([a-z0-9-]+)/m.exec(text)?.[1] ?? 'unnamed';
const kindOf = (text: string): string => /^kind: ([a-z]+)/m.exec(text)?.[1] ?? 'retention';
const modeOf = (text: string): string => /^mode: (observe|ask|enforce)/m.exec(text)?.[1] ?? 'observe';
const lineOf = (text: string, needle: RegExp): number => Math.max(1, text.split('\n').findIndex((line) => needle.test(line)) + 1);

/** One mistake that a person is likely to try: a size without a unit. */
const mistakesOf = (text: string, document: number): unknown[] => (/bytes: \d+ *[},]/.test(text) ? [{ document, line: lineOf(text, /bytes:/), path: 'limits.bytes', message: 'a size is a number with a unit, as "500 MB" (10^6) or "1 GiB" (2^30)', advice: 'mend this value' }] : []);

const changeOf = (text: string): unknown => {
  const known = nameOf(text) === 'backup-cap' ? POLICY_TEXT : null;
  return { policy: nameOf(text), kind: kindOf(text), change: known === null ? 'new' : known === text ? 'same' : 'changed', version: hash('7e'), before: known, after: text };
};

export const sampleChanges = (documents: readonly string[]): unknown => {
  const mistakes = documents.flatMap(mistakesOf);
  return { changes: mistakes.length > 0 ? [] : documents.map(changeOf), mistakes };
};

const row = (server: string, state: string, items: number, bytes: number, reason = ''): unknown => ({
  server, profile: 'kaspersky-klms-8', store: 'backup', policy: 'backup-cap', state, passed: items > 0 ? ['bytes'] : [], before: { items: 18_204, bytes: 1_310_000_000 }, wouldDelete: { items, bytes },
  oldestAt: items > 0 ? ago(700 * DAY) : null, newestAt: items > 0 ? ago(260 * DAY) : null, measuredAt: ago(40_000), reason,
});

export const samplePlan = (documents: readonly string[] | null): unknown => {
  const limiting = (documents ?? [POLICY_TEXT]).filter((text) => kindOf(text) === 'retention');
  return {
    at: ago(0), mistakes: [], rowsLeft: limiting.length === 0 ? 0 : 3,
    totals: limiting.map((text) => ({ policy: nameOf(text), mode: modeOf(text), change: 'changed', servers: 3, stores: 4, states: { 'in-order': 1, 'would-delete': 2, 'over-bounds': 1, held: 0, 'not-rotatable': 0, unmeasured: 0 }, wouldDelete: { items: 5_012, bytes: 512_000_000, servers: 2, stores: 2 }, oldestAt: ago(700 * DAY) })),
    rows: limiting.length === 0 ? [] : [row('mx-dublin', 'would-delete', 4_800, 500_000_000, 'estimated from sizes and ages'), row('archive-oslo', 'over-bounds', 0, 0, 'it would take 61 % of the store, and the policy allows 30 %'), row('mx-berlin', 'would-delete', 212, 12_000_000), row('mx-warsaw', 'unmeasured', 0, 0, 'the store was not measured yet')],
  };
};

export const sampleHistory = (name: string): unknown => ({
  versions: name === 'backup-cap' ? [
    { version: hash('7e'), text: POLICY_TEXT, at: ago(12 * DAY), by: 'administrator', reason: 'Looked at the plan for a week; only mx servers', withdrawn: false },
    { version: hash('6e'), text: POLICY_TEXT.replace('mode: enforce', 'mode: observe').replace(', region: eu', ''), at: ago(19 * DAY), by: 'anna', reason: 'First look at what a cap would delete', withdrawn: false },
  ] : [],
});

const request = (number: number, server: string, approvals: number, approvedBy: readonly string[]): unknown => ({ id: id(number), server, profile: 'kaspersky-klms-8', store: 'backup', policy: 'quarantine-cap', foretold: { items: 1_204, bytes: 212_000_000 }, askedAt: ago(3 * HOUR), lapsesAt: ago(-21 * HOUR), approvals, approvedBy, state: 'waiting' });
const mark = (number: number, server: string, state: string, dueMs: number): unknown => ({ order: id(number), server, profile: 'kaspersky-klms-8', store: 'event-log', policy: 'event-cap', marked: { items: 300, bytes: 12_000_000 }, markedAt: ago(2 * DAY), dueAt: ago(-dueMs), state });

export const sampleWaiting = (decided: readonly string[]): unknown => ({
  requests: [request(601, 'mx-berlin', 2, ['anna']), request(602, 'mx-dublin', 2, [])].filter((one) => !decided.includes((one as { id: string }).id)),
  marks: [mark(701, 'mx-berlin', decided.includes(id(701)) ? 'released' : 'marked', 5 * DAY), mark(702, 'archive-oslo', 'due', -2 * MINUTE)],
  rollouts: [
    { policy: 'backup-cap', version: hash('7e'), wave: 1, waves: [{ words: 'canary=true', servers: 1, done: 1, failed: 0 }, { words: '25 %', servers: 12, done: 5, failed: 0 }, { words: '100 %', servers: 48, done: 0, failed: 0 }], state: 'running', since: ago(HOUR), nextAt: null, reason: '' },
    { policy: 'trace-cap', version: hash('5e'), wave: 0, waves: [{ words: '5 %', servers: 3, done: 1, failed: 1 }, { words: '100 %', servers: 48, done: 0, failed: 0 }], state: decided.includes('trace-cap') ? 'running' : 'stopped', since: ago(20 * MINUTE), nextAt: null, reason: decided.includes('trace-cap') ? '' : '1 order of wave 1 failed; the policy allows none' },
  ],
});
