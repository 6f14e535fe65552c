import type { ReactNode } from 'react';
import { FailureState } from './failure-state.js';
import { WaitingRows } from './waiting-rows.js';

interface Question<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly refetch: () => unknown;
}

/** Shows what was answered; before that a skeleton, and a failure only when there is nothing older to show. */
export function Answer<T>({ to, waiting = <WaitingRows />, children }: { readonly to: Question<T>; readonly waiting?: ReactNode; readonly children: (data: T) => ReactNode }) {
  if (to.data !== undefined) return children(to.data);
  if (to.error !== null) return <FailureState error={to.error} again={() => void to.refetch()} />;
  return waiting;
}
