import type { Measured } from '@mailwarden/kernel';
import type { ReactNode } from 'react';
import { StateIcon } from '../state/state-icon.js';
import classes from './measured-value.module.css';

/** "Unknown", and why. */
export function Unknown({ reason }: { readonly reason: string }) {
  return (
    <span className={classes['unknown']} data-tone="unknown">
      <StateIcon shape="question" size={13} />
      <span>Unknown: {reason}</span>
    </span>
  );
}

/** A measured value with its source on hover, or why there is none. */
export function MeasuredValue<T>({ of, children }: { readonly of: Measured<T>; readonly children: (value: T) => ReactNode }) {
  if (!of.known) return <Unknown reason={of.reason} />;
  return of.source === undefined ? children(of.value) : <span title={`Read from ${of.source}`}>{children(of.value)}</span>;
}
