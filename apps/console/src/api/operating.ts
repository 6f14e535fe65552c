import type { MeView } from '@mailwarden/contracts';
import { useQuery } from '@tanstack/react-query';
import { meQuestion } from './questions.js';

const OPERATING: ReadonlySet<MeView['role']> = new Set(['operator', 'privacy-officer', 'administrator']);

/** Said where a button stays grey. */
export const NEEDS_OPERATING = 'This needs the role of an operator, a privacy officer or an administrator';

/** Whether whoever is signed in may change policies and decide about rotations. The service asks again. */
export function useMayOperate(): boolean {
  const { data: me } = useQuery(meQuestion);
  return me !== undefined && OPERATING.has(me.role);
}
