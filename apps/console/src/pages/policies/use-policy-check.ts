import { policyDocuments, type AppliedPolicies, type PolicyPlan } from '@mailwarden/contracts';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { asFailure } from '../../api/failure.js';
import { checkQuestion, meQuestion, planQuestion } from '../../api/questions.js';

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
  /** True while changes and plan belong to an older text: one that is not checked yet, or the last one without a mistake. */
  readonly isOld: boolean;
  readonly isChecking: boolean;
}

/** Checks a policy text while it is written: mistakes, what would change, and, once it is sound, what it would delete. */
export function usePolicyCheck(text: string): PolicyCheck {
  const [paused] = useDebouncedValue(text, PAUSE_MS);
  const parts = useMemo(() => policyDocuments(paused), [paused]);
  const documents = useMemo(() => parts.map((part) => part.text), [parts]);
  // What a check sends along to prove that it comes from this page is known once it is known who asks.
  const known = useQuery(meQuestion).data !== undefined;
  const check = useQuery({ ...checkQuestion(documents), enabled: known && documents.length > 0 });
  const mistakes = (check.data?.mistakes ?? []).map(({ document, line, path, message, advice }) => ({ line: (parts[document]?.line ?? 1) + Math.max(1, line) - 1, path, message, advice }));
  const isSound = documents.length > 0 && check.data !== undefined && !check.isPlaceholderData && mistakes.length === 0;
  const plan = useQuery({ ...planQuestion(documents, null), enabled: isSound });
  // What the last text without a mistake comes to stays in its place while somebody types, so that nothing jumps.
  const [lastSound, setLastSound] = useState<AppliedPolicies['changes']>([]);
  if (isSound && check.data !== undefined && check.data.changes !== lastSound) setLastSound(check.data.changes);
  const failed = check.error ?? plan.error;
  return {
    documents,
    mistakes: documents.length === 0 ? [] : mistakes,
    changes: lastSound,
    plan: plan.data,
    failure: failed === null ? '' : asFailure(failed).detail,
    isOld: paused !== text || !isSound || plan.isPending || plan.isPlaceholderData,
    isChecking: paused !== text || (documents.length > 0 && failed === null && (check.isPending || check.isPlaceholderData || (isSound && (plan.isPending || plan.isPlaceholderData)))),
  };
}
