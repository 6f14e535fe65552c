import { Button } from '@mantine/core';
import { asFailure } from '../api/failure.js';
import { EmptyState } from './empty-state.js';

/** What went wrong and what to do. */
export function FailureState({ error, again }: { readonly error: unknown; readonly again?: () => void }) {
  const failure = asFailure(error);
  const missing = failure.kind === 'missing';
  return (
    <div role="alert">
      <EmptyState title={missing ? 'Nothing is here' : failure.title} shape={missing ? 'question' : 'alarm'} tone={missing ? 'unknown' : 'bad'} action={again !== undefined && !missing && <Button variant="default" onClick={again}>Try again</Button>}>
        {failure.detail} {missing && 'It may have been removed, or the address is mistyped. The list on the left leads on.'}
      </EmptyState>
    </div>
  );
}
