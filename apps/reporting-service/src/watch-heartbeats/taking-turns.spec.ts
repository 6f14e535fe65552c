import { describe, expect, it } from 'vitest';
import type { Heartbeat } from '@mailwarden/contracts';
import { TakingTurns } from './taking-turns.js';

const run = (id: string): NonNullable<Heartbeat['run']> => ({ id: `00000000-0000-4000-8000-00000000000${id}`, startedAt: '2026-03-01T08:00:00.000Z' as Heartbeat['at'], host: `host-${id}`, machine: '0123456789ab' });
const beat = (id: string, second: number): Pick<Heartbeat, 'at' | 'run'> => ({ at: `2026-03-01T08:00:${String(second).padStart(2, '0')}.000Z` as Heartbeat['at'], run: run(id) });

describe('two agents under one name', () => {
  it('are known when the first is heard after the second, and both are named', () => {
    const turns = new TakingTurns();
    expect(turns.heard('mx-1', beat('1', 1))).toBeNull();
    expect(turns.heard('mx-1', beat('2', 3))).toBeNull();
    expect(turns.heard('mx-1', beat('1', 6))?.map(({ host }) => host)).toEqual(['host-1', 'host-2']);
  });

  it('are not seen in restarts, however many', () => {
    const turns = new TakingTurns();
    for (let start = 1; start <= 9; start += 1) for (const second of [0, 2, 4]) expect(turns.heard('mx-1', beat(String(start), start * 6 + second))).toBeNull();
  });

  it('are not seen in a sign of life that came late', () => {
    const turns = new TakingTurns();
    turns.heard('mx-1', beat('1', 1));
    turns.heard('mx-1', beat('2', 10));
    expect(turns.heard('mx-1', beat('1', 6))).toBeNull();
  });

  it('are told apart by server', () => {
    const turns = new TakingTurns();
    turns.heard('mx-1', beat('1', 1));
    turns.heard('mx-2', beat('2', 2));
    expect(turns.heard('mx-1', beat('1', 6))).toBeNull();
  });
});
