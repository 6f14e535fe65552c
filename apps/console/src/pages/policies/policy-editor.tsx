import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.js';
import { NEEDS_OPERATING, useMayOperate } from '../../api/operating.js';
import { useNow } from '../../live/now.js';
import { DiffView } from '../../parts/diff-view.js';
import { Section } from '../../parts/page.js';
import { ReasonDialog } from '../../parts/reason-dialog.js';
import { CodeField } from './code-field.js';
import { ExactPlan } from './exact-plan.js';
import { PlanView } from './plan-view.js';
import { applyButton, consequenceOf } from './policy-words.js';
import { usePolicyCheck, type PolicyCheck } from './use-policy-check.js';
import classes from './policy-editor.module.css';

interface EditorProps {
  readonly text: string;
  readonly change: (text: string) => void;
  /** What the text was before anybody touched it, so that one can go back. */
  readonly standing: string;
  /** Names of the policies that were applied. */
  readonly applied: (names: readonly string[]) => void;
}

/** A policy being written: its mistakes as they are made, what it would change and delete, and the button that lets it stand. */
export function PolicyEditor({ text, change, standing, applied }: EditorProps) {
  const check = usePolicyCheck(text);
  const [asking, setAsking] = useState(false);
  const mayOperate = useMayOperate();
  const changing = check.changes.filter((one) => one.change !== 'same');
  const ready = !check.isOld && check.failure === '' && check.mistakes.length === 0 && changing.length > 0;
  return (
    <>
      <Section title="As code" aside={<span className="soft" role="status" data-testid="policy-check">{stateWords(check, changing.length)}</span>}>
        <CodeField text={text} change={change} mistakes={check.mistakes} testId="policy-code" />
        {check.failure !== '' && <p role="alert" className="toned" data-tone="bad" style={{ margin: '4px 0 0' }}>{check.failure}</p>}
        <div className={classes['foot']}>
          <span className="soft">Nothing changes before it is applied.</span>
          <div>
            <Button variant="default" size="sm" disabled={text === standing} onClick={() => change(standing)}>Undo all</Button>
            <Button size="sm" disabled={!ready || !mayOperate} title={mayOperate ? undefined : NEEDS_OPERATING} onClick={() => setAsking(true)} data-testid="policy-apply">Apply</Button>
          </div>
        </div>
      </Section>
      <Outlook check={check} />
      {asking && <ApplyDialog check={check} close={() => setAsking(false)} applied={applied} />}
    </>
  );
}

function stateWords({ documents, mistakes, isChecking, failure }: PolicyCheck, changing: number): string {
  if (documents.length === 0) return 'empty';
  if (isChecking) return 'being checked';
  if (failure !== '') return 'not checked';
  if (mistakes.length > 0) return mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
  return changing === 0 ? 'in order, nothing to change' : 'in order';
}

/** What the text would change and what it would delete. Both keep their place while they are worked out. */
function Outlook({ check }: { readonly check: PolicyCheck }) {
  const { changes, documents, plan, isOld } = check;
  return (
    <div className={isOld ? classes['old'] : undefined} aria-busy={isOld} style={{ display: 'grid', gap: 16 }}>
      <Section title="What it would delete" testId="policy-outlook" flush>
        {plan === undefined ? <p className="soft" style={{ margin: 0, padding: '14px 16px' }}>Shown once the text is in order.</p> : <><PlanView plan={plan} />{plan.totals.length > 0 && <ExactPlan key={documents.join('\n')} documents={documents} policy={null} ready={!isOld} />}</>}
      </Section>
      {changes.map(({ policy, change, before, after }) => (
        <Section key={policy} title={change === 'new' ? `${policy} is new` : change === 'same' ? `${policy} stands as written` : `${policy}, against what stands`}>
          {change === 'same' ? <p className="soft" style={{ margin: 0 }}>Nothing differs.</p> : <DiffView before={before ?? ''} after={after ?? ''} />}
        </Section>
      ))}
    </div>
  );
}

function ApplyDialog({ check, close, applied }: { readonly check: PolicyCheck; readonly close: () => void; readonly applied: (names: readonly string[]) => void }) {
  const questions = useQueryClient();
  const now = useNow();
  const { changes, documents, plan } = check;
  const changing = changes.filter((one) => one.change !== 'same');
  const totals = plan?.totals ?? [];
  const done = (): void => {
    for (const key of ['policies', 'history', 'plan', 'check', 'waiting']) void questions.invalidateQueries({ queryKey: [key] });
    applied(changing.map(({ policy }) => policy));
    close();
  };
  return (
    <ReasonDialog title="Apply" button={applyButton(changing, totals)} weighty={totals.some(({ mode, wouldDelete }) => mode === 'enforce' && wouldDelete.items > 0)} act={(reason) => call('applyPolicies', { body: { documents, remove: [], reason } })} done={done} close={close}>
      {changing.map((one) => <p key={one.policy}>{consequenceOf(one, totals.find(({ policy }) => policy === one.policy), now)}</p>)}
    </ReasonDialog>
  );
}
