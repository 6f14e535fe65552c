import { describe, expect, it } from 'vitest';
import { rolloutStep, type WaveStanding } from './rollout-step.js';

const wave = (change: Partial<WaveStanding> = {}): WaveStanding => ({ wave: 0, waves: 2, sinceMs: 1_000, soakMs: 500, servers: 3, heard: 3, waiting: 0, failed: 0, lastDoneMs: 2_000, ...change });

describe('a rollout', () => {
  it('soaks from when the last server was done, and goes on after it', () => {
    expect(rolloutStep(wave(), 2_499)).toEqual({ kind: 'soak', untilMs: 2_500 });
    expect(rolloutStep(wave(), 2_500)).toEqual({ kind: 'advance' });
    expect(rolloutStep(wave({ wave: 1 }), 2_500)).toEqual({ kind: 'complete' });
    expect(rolloutStep(wave({ lastDoneMs: null }), 1_499)).toEqual({ kind: 'soak', untilMs: 1_500 });
  });

  it('waits while a server has something to do, has failed, or nobody was heard of', () => {
    for (const standing of [wave({ waiting: 1 }), wave({ failed: 1 }), wave({ heard: 0 })]) expect(rolloutStep(standing, 1e9)).toEqual({ kind: 'wait' });
  });

  it('passes over a wave without servers, and does not wait for those that are silent', () => {
    expect(rolloutStep(wave({ servers: 0, heard: 0 }), 0)).toEqual({ kind: 'advance' });
    expect(rolloutStep(wave({ heard: 1 }), 1e9)).toEqual({ kind: 'advance' });
  });
});
