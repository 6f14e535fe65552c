import { useId, useRef } from 'react';
import type { TextMistake } from './use-policy-check.js';
import classes from './policy-editor.module.css';

/** Rows that an empty field has. */
const ROWS_MIN = 14;

interface CodeFieldProps {
  readonly text: string;
  readonly change: (text: string) => void;
  readonly mistakes: readonly TextMistake[];
  readonly testId?: string;
}

/** A policy as text with numbered lines. It grows with its text, so that its numbers always stand beside their lines; Tab leads out of it, as out of every field. */
export function CodeField({ text, change, mistakes, testId }: CodeFieldProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const told = useId();
  const rows = Math.max(ROWS_MIN, text.split('\n').length);
  const wrong = new Set(mistakes.map(({ line }) => line));
  const goTo = (line: number): void => {
    const start = text.split('\n').slice(0, line - 1).reduce((sum, row) => sum + row.length + 1, 0);
    const end = text.indexOf('\n', start);
    field.current?.focus();
    field.current?.setSelectionRange(start, end < 0 ? text.length : end);
  };
  return (
    <>
      <div className={classes['code']}>
        <div className={classes['numbers']} aria-hidden="true">{Array.from({ length: rows }, (_, index) => <span key={index} data-wrong={wrong.has(index + 1) || undefined}>{index + 1}</span>)}</div>
        <textarea ref={field} aria-label="Policy as code" aria-invalid={mistakes.length > 0} aria-describedby={told} value={text} rows={rows} wrap="off" spellCheck={false} autoCapitalize="off" autoComplete="off" onChange={(event) => change(event.currentTarget.value)} data-testid={testId} />
      </div>
      <ul id={told} role="status" className={classes['mistakes']} data-testid="policy-mistakes">
        {mistakes.map(({ line, path, message, advice }) => (
          <li key={`${line} ${path} ${message}`}><button type="button" onClick={() => goTo(line)}>line {line}</button> <span className="break">{path !== '' && <><code>{path}</code> </>}{message}; <span className="soft">{advice}</span></span></li>
        ))}
      </ul>
    </>
  );
}
