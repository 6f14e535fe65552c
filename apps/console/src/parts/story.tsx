import type { ReactNode } from 'react';
import { StateIcon } from '../state/state-icon.js';
import type { StateLook } from '../state/state-words.js';
import { Moment } from './moment.js';
import classes from './story.module.css';

/** Steps of one thing, one below the other. */
export const Story = ({ children }: { readonly children: ReactNode }) => <ol className={classes['story']}>{children}</ol>;

interface StepProps {
  readonly look: StateLook;
  readonly title: string;
  readonly at?: string | null;
  readonly aside?: ReactNode;
  readonly testId?: string | undefined;
  readonly children?: ReactNode;
}

export function StoryStep({ look, title, at = null, aside, testId, children }: StepProps) {
  return (
    <li className={classes['step']} data-tone={look.tone} data-testid={testId}>
      <span className={classes['mark']}><StateIcon shape={look.shape} size={16} /></span>
      <div className={classes['body']}>
        <div className={classes['head']}><h3>{title}</h3>{at !== null && <span className="soft"><Moment at={at} /></span>}{aside}</div>
        {children}
      </div>
    </li>
  );
}
