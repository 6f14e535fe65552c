import { lineDiff } from '@mailwarden/kernel';
import classes from './diff-view.module.css';

const MARKS = { same: ' ', gone: '-', new: '+' } as const;
const WORDS = { same: undefined, gone: 'removed: ', new: 'added: ' } as const;

/** Two texts compared line by line: by mark, colour and, for a screen reader, by word. */
export function DiffView({ before, after, testId = 'policy-diff' }: { readonly before: string; readonly after: string; readonly testId?: string }) {
  return (
    <pre className={classes['diff']} data-testid={testId}>
      {lineDiff(before, after).map(({ kind, text }, index) => <span key={`${index} ${kind}`} data-kind={kind}><span className="sr-only">{WORDS[kind]}</span>{MARKS[kind]} {text}</span>)}
    </pre>
  );
}
