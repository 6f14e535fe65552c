import type { RotationView } from '@mailwarden/contracts';
import { expect, it } from 'vitest';
import { rotationHeadline } from './rotation-headline.js';

const rotation = (state: RotationView['state'], items: number | null): RotationView =>
  ({ state, order: { store: 'backup', server: 'mx-1' }, receipt: items === null ? null : { payload: { deleted: { items, bytes: items * 1000 } } } }) as unknown as RotationView;

it.each([
  ['ordered', null, 'Bring backup on mx-1 back under its limit'],
  ['expired', null, 'The order for backup on mx-1 expired without a receipt'],
  ['completed', 12, '12 entries deleted, 12.0 KB: backup on mx-1'],
  ['refused', 0, 'Refused before anything was deleted: backup on mx-1'],
  ['stopped', 3, 'Stopped after 3 entries deleted, 3.00 KB: backup on mx-1'],
  ['nothing-to-do', 0, 'Nothing to do: backup on mx-1 was not over its limit'],
] as const)('%s, %s deleted', (state, items, said) => {
  expect(rotationHeadline(rotation(state, items))).toBe(said);
});

it('never reads as a deletion where only a plan or a mark was asked for', () => {
  const of = (purpose: 'plan' | 'mark', state: RotationView['state'] | null): string =>
    rotationHeadline({ state: state ?? 'ordered', order: { store: 'backup', server: 'mx-1', purpose }, receipt: state === null ? null : { payload: { planned: { items: 7, bytes: 7_000 }, deleted: { items: 0, bytes: 0 } } } } as unknown as RotationView);
  expect([of('plan', null), of('plan', 'planned')]).toEqual(['Tell exactly what would go of backup on mx-1', '7 entries would go, 7.00 KB: backup on mx-1']);
  expect([of('mark', null), of('mark', 'marked')]).toEqual(['Mark what would go of backup on mx-1', '7 entries marked, 7.00 KB: backup on mx-1']);
});
