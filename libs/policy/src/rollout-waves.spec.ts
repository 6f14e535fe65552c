import { describe, expect, it } from 'vitest';
import type { Wave } from './policy.js';
import { ONE_WAVE, waveOf, waveWords } from './rollout-waves.js';

const SERVERS = Array.from({ length: 2_000 }, (_, index) => `mx-${index}`);
const share = (percent: number): Wave => ({ kind: 'share', percent });
const policy = (name: string, ...waves: Wave[]) => ({ name, rollout: { ...ONE_WAVE, waves } });

describe('the wave of a server', () => {
  it('is the first that takes it in: by label, by name, by share', () => {
    const cap = policy('cap', { kind: 'labels', labels: { role: 'canary' } }, { kind: 'labels', labels: { name: 'mx-7' } }, share(100));
    expect(waveOf(cap, 'mx-1', { role: 'canary' })).toBe(0);
    expect(waveOf(cap, 'mx-7', { role: 'mx' })).toBe(1);
    expect(waveOf(cap, 'mx-8', {})).toBe(2);
  });

  it('takes in a share near to what is said, the same servers each time, and those of a smaller share first', () => {
    const inWave = (name: string, percent: number): Set<string> => new Set(SERVERS.filter((server) => waveOf(policy(name, share(percent)), server, {}) === 0));
    const [tenth, half] = [inWave('cap', 10), inWave('cap', 50)];
    expect(tenth.size).toBeGreaterThan(150);
    expect(tenth.size).toBeLessThan(250);
    expect([...tenth].every((server) => half.has(server))).toBe(true);
    expect(inWave('cap', 10)).toEqual(tenth);
    expect([...inWave('other', 10)].filter((server) => tenth.has(server)).length).toBeLessThan(60);
  });

  it('is none where no wave takes it in, and the only one where the policy names none', () => {
    expect(waveOf(policy('cap', { kind: 'labels', labels: { role: 'canary' } }), 'mx-1', {})).toBeNull();
    expect(SERVERS.every((server) => waveOf({ name: 'cap', rollout: null }, server, {}) === 0)).toBe(true);
  });

  it('is said in words', () => {
    expect([waveWords(share(25)), waveWords({ kind: 'labels', labels: { role: 'canary', zone: 'a' } })]).toEqual(['25 % of the servers', 'role = canary, zone = a']);
  });
});
