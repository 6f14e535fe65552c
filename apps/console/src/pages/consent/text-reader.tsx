import { Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { agreementTextQuestion } from '../../api/questions.js';
import { Answer } from '../../parts/answer.js';
import { DiffView } from '../../parts/diff-view.js';
import classes from './consent.module.css';
import type { Version } from './text-words.js';

/** What is read: one text, or what changed since another one. */
export interface ReadText {
  readonly agreement: string;
  readonly title: string;
  readonly after: Version;
  readonly before: Version | null;
}

/** Shows a text as it was given in, or compared line by line with an earlier one. */
export function TextReader({ reading: { agreement, title, after, before }, close }: { readonly reading: ReadText; readonly close: () => void }) {
  const newer = useQuery(agreementTextQuestion(agreement, after.textSha256));
  const older = useQuery({ ...agreementTextQuestion(agreement, before?.textSha256 ?? after.textSha256), enabled: before !== null });
  return (
    <Modal opened onClose={close} size="xl" title={before === null ? `${title}, ${after.label}` : `${title}: from ${before.label} to ${after.label}`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Answer to={newer}>
        {({ text }) =>
          before === null ? <pre className={classes['words']} data-testid="agreement-words">{text}</pre> : <Answer to={older}>{(old) => <DiffView before={old.text ?? ''} after={text ?? ''} testId="agreement-diff" />}</Answer>
        }
      </Answer>
    </Modal>
  );
}
