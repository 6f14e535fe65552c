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
