import type { ServerRow } from '@mailwarden/contracts';
import { describe, expect, it } from 'vitest';
import { fleetRows } from './fleet-rows.js';

const row = (server: string, part: Partial<ServerRow> = {}): ServerRow =>
  ({ server, labels: {}, product: 'Some product', state: 'in-order', agent: 'live', openFindings: {}, bytesStored: 0, lastObservedAt: null, ...part }) as unknown as ServerRow;
const names = (rows: readonly ServerRow[]): string[] => rows.map(({ server }) => server);

const FLEET = [
  row('calm'),
  row('silent', { agent: 'silent' }),
  row('many-low', { state: 'finding', openFindings: { low: 40 } }),
  row('one-critical', { state: 'finding', openFindings: { critical: 1 }, labels: { role: 'mx' } }),
  row('never-measured', { state: 'unknown', agent: 'never' }),
];

describe('rows of the fleet', () => {
  it('come worst first: one critical finding before forty low ones, the unknown before what is in order', () => {
    expect(names(fleetRows(FLEET, {}))).toEqual(['one-critical', 'many-low', 'never-measured', 'silent', 'calm']);
  });

  it('are found by every word that is asked for', () => {
    expect(names(fleetRows(FLEET, { find: 'ROLE=mx critical' }))).toEqual(['one-critical']);
    expect(fleetRows(FLEET, { find: 'role=mx calm' })).toEqual([]);
    expect(names(fleetRows(FLEET, { state: 'unknown' }))).toEqual(['never-measured']);
  });

  it('leave the given list as it was', () => {
    const given = [...FLEET];
    fleetRows(given, { order: 'name' });
    expect(given).toEqual(FLEET);
  });
});
