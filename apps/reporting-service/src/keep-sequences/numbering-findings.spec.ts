import type { Instant } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { nextStep } from './next-step.js';
import { numberingFindings } from './numbering-findings.js';

const T0 = '2026-03-01T08:00:00.000Z' as Instant;
const T1 = '2026-03-01T09:00:00.000Z' as Instant;

describe('the number of a message', () => {
  it('is the next, leaves a gap, comes late, or is of a numbering before', () => {
    expect(nextStep(undefined, { sequence: 1, time: T0 })).toEqual({ kind: 'next' });
    expect(nextStep(undefined, { sequence: 3, time: T0 })).toEqual({ kind: 'gap', first: 1, last: 2 });
    expect(nextStep({ head: 4, beganAt: T0 }, { sequence: 5, time: T1 })).toEqual({ kind: 'next' });
    expect(nextStep({ head: 4, beganAt: T0 }, { sequence: 9, time: T1 })).toEqual({ kind: 'gap', first: 5, last: 8 });
    expect(nextStep({ head: 4, beganAt: T0 }, { sequence: 4, time: T1 })).toEqual({ kind: 'late' });
    expect(nextStep({ head: 4, beganAt: T1 }, { sequence: 99, time: T0 })).toEqual({ kind: 'former' });
  });
});

describe('what is told of a numbering', () => {
  const of = (part: Partial<Parameters<typeof numberingFindings>[0]>) => numberingFindings({ missing: [], anew: [], givenUp: 0, ...part });

  it('is nothing where nothing is missing, although measurements were given up', () => {
    expect(of({ givenUp: 7 })).toEqual([]);
  });

  it('names what is missing, a few ranges of many', () => {
    expect(of({ missing: [{ first: 3, last: 3 }] })[0]).toMatchObject({ code: 'messages-missing', severity: 'high', message: '1 message of this agent did not arrive: number 3' });
    expect(of({ missing: [{ first: 3, last: 3 }, { first: 6, last: 8 }] })[0]?.message).toBe('4 messages of this agent did not arrive: numbers 3, 6 to 8');
    expect(of({ missing: Array.from({ length: 7 }, (_, index) => ({ first: 10 * index + 1, last: 10 * index + 1 })) })[0]?.message).toMatch(/41 and 2 further ranges$/);
  });

  it('weighs less what the agent itself says that it gave up, and no more than that', () => {
    expect(of({ missing: [{ first: 3, last: 4 }], givenUp: 2 })[0]).toMatchObject({ severity: 'medium', message: expect.stringContaining('gave up 2 measurements') });
    expect(of({ missing: [{ first: 3, last: 5 }], givenUp: 2 })[0]?.severity).toBe('high');
  });

  it('tells a lost counter, an empty outbox and a disk that was put back as what they are', () => {
    expect(of({ missing: [{ first: 8, last: 1_772_000_000_000 }], givenUp: 9 })[0]).toMatchObject({ severity: 'high', message: expect.stringMatching(/^the agent could not read how far it had counted and went on from its clock: how much is missing after number 7 is unknown/) });
    expect(of({ anew: [{ head: 40, began: 1 }] })[0]).toMatchObject({ code: 'numbering-anew', message: expect.stringMatching(/up to 40 and then began again at 1: its outbox was emptied/) });
    expect(of({ anew: [{ head: 40, began: 31 }] })[0]?.message).toMatch(/began again at 31: its disk was put back to an earlier state/);
  });
});
