import { describe, expect, it } from 'vitest';
import { approvalWords, hasApproved, requestWords, rolloutWords, waveWords } from './waiting-words.js';

type Request = Parameters<typeof requestWords>[1];
const request = (approvals: number, approvedBy: readonly string[]): Request => ({ store: 'backup', server: 'mx-1', policy: 'cap', foretold: { items: 12, bytes: 3_000_000 }, approvals, approvedBy }) as unknown as Request;

describe('what waits for people, in words', () => {
  it('says who has approved, and that one person counts once', () => {
    expect(approvalWords(request(2, []))).toBe('0 of 2');
    expect(approvalWords(request(2, ['anna']))).toBe('1 of 2, by anna');
    expect(hasApproved(request(2, ['anna']), 'anna')).toBe(true);
    expect(hasApproved(request(2, ['anna']), 'bert')).toBe(false);
    expect(hasApproved(request(2, ['anna']), undefined)).toBe(false);
  });

  it('says that something is deleted only where the last approval lets it go', () => {
    expect(requestWords('approve', request(2, []))).toMatchObject({ weighty: false, button: 'Approve the rotation of backup on mx-1', consequence: expect.stringContaining('1 more approval by other people is needed') as string });
    expect(requestWords('approve', request(2, ['anna']))).toMatchObject({ weighty: true, button: 'Delete about 12 entries, 3.00 MB of backup on mx-1' });
    expect(requestWords('approve', request(1, []))).toMatchObject({ weighty: true });
    expect(requestWords('reject', request(1, []))).toMatchObject({ weighty: false });
  });

  it('counts waves from one, and says when all are through', () => {
    const waves = [{}, {}, {}] as never;
    expect(waveWords({ state: 'running', wave: 0, waves })).toBe('Wave 1 of 3');
    expect(waveWords({ state: 'stopped', wave: 2, waves })).toBe('Wave 3 of 3');
    expect(waveWords({ state: 'complete', wave: 3, waves })).toBe('All 3 waves are through');
    expect(rolloutWords('resume', { policy: 'cap', reason: 'one order failed', state: 'stopped' }).consequence).toContain('It was stopped: one order failed.');
  });
});
