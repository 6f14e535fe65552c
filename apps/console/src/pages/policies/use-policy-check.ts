import { policyDocuments, type AppliedPolicies, type PolicyPlan } from '@mailwarden/contracts';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { asFailure } from '../../api/failure.js';
import { checkQuestion, planQuestion } from '../../api/questions.js';

/** A pause in typing after which the text is checked. Units: milliseconds. */
const PAUSE_MS = 350;

/** One mistake at its line of the whole text. */
export interface TextMistake {
  readonly line: number;
  readonly path: string;
  readonly message: string;
  readonly advice: string;
}

export interface PolicyCheck {
  readonly documents: readonly string[];
  readonly mistakes: readonly TextMistake[];
  readonly changes: AppliedPolicies['changes'];
  readonly plan: PolicyPlan | undefined;
  /** Why it could not be checked; empty when it was. */
  readonly failure: string;
  /** True while what is shown belongs to an older text. */
  readonly isOld: boolean;
}

/** Checks a policy text while it is written: mistakes, what would change, and, once it is sound, what it would delete. */
export function usePolicyCheck(text: string): PolicyCheck {
  const [paused] = useDebouncedValue(text, PAUSE_MS);
  const parts = useMemo(() => policyDocuments(paused), [paused]);
  const documents = useMemo(() => parts.map((part) => part.text), [parts]);
  const check = useQuery({ ...checkQuestion(documents), enabled: documents.length > 0 });
  const sound = check.data !== undefined && !check.isPlaceholderData && check.data.mistakes.length === 0;
  const plan = useQuery({ ...planQuestion(documents, null), enabled: sound && documents.length > 0 });
  const mistakes = (check.data?.mistakes ?? []).map(({ document, line, path, message, advice }) => ({ line: (parts[document]?.line ?? 1) + Math.max(1, line) - 1, path, message, advice }));
  const failed = check.error ?? plan.error;
  return {
    documents,
    mistakes: documents.length === 0 ? [] : mistakes,
    changes: documents.length === 0 ? [] : (check.data?.changes ?? []),
    plan: documents.length === 0 || mistakes.length > 0 ? undefined : plan.data,
    failure: failed === null ? '' : asFailure(failed).detail,
    isOld: paused !== text || check.isPlaceholderData || (sound && (plan.isPending || plan.isPlaceholderData)) || (documents.length > 0 && check.isPending),
  };
}
