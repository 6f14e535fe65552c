import type { ReactNode } from 'react';
import { StateIcon } from '../state/state-icon.js';
import type { Shape, Tone } from '../state/state-words.js';
import classes from './empty-state.module.css';

interface EmptyStateProps {
  readonly title: string;
  /** What it means, and what to do. */
  readonly children: ReactNode;
  readonly shape?: Shape;
  readonly tone?: Tone;
  readonly action?: ReactNode;
}

/** Nothing to show: what that means, and what to do. */
export function EmptyState({ title, children, shape = 'open-end', tone = 'neutral', action }: EmptyStateProps) {
  return (
    <div className={classes['empty']} data-tone={tone}>
      <StateIcon shape={shape} size={24} />
      <h3>{title}</h3>
      <p>{children}</p>
      {action}
    </div>
  );
}
