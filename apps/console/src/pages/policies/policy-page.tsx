import type { PolicyOverview } from '@mailwarden/contracts';
import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../../api/call.js';
import { NEEDS_OPERATING, useMayOperate } from '../../api/operating.js';
import { meQuestion, planQuestion, policiesQuestion } from '../../api/questions.js';
import { sentenceCase } from '../../format/identifier.js';
import { countOf } from '../../format/quantity.js';
import { Answer } from '../../parts/answer.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Identifier } from '../../parts/identifier.js';
import { Moment } from '../../parts/moment.js';
import { Page, Section } from '../../parts/page.js';
import { ReasonDialog } from '../../parts/reason-dialog.js';
import { ExactPlan } from './exact-plan.js';
import { PlanView } from './plan-view.js';
import { PolicyEditor } from './policy-editor.js';
import { PolicyRollout } from './policy-rollout.js';
import { PolicyHistory } from './policy-history.js';
import classes from './policy-editor.module.css';

type Policy = PolicyOverview['policies'][number];

/** One policy: what it says, what it does, and how it came to be. */
export function PolicyPage() {
  const { name } = useParams({ from: '/framed/policies/$name' });
  const policies = useQuery(policiesQuestion);
  return (
    <Answer to={policies}>
      {({ policies: standing }) => {
        const policy = standing.find((one) => one.name === name);
        if (policy === undefined) return <Gone name={name} />;
        // Another policy, or another version of it, begins with a fresh editor.
        return <Shown key={`${policy.name} ${policy.version}`} policy={policy} />;
      }}
    </Answer>
  );
}

/** What was withdrawn keeps its history, and can be put back from it. */
function Gone({ name }: { readonly name: string }) {
  const [text, setText] = useState<string | null>(null);
  return (
    <Page title={name} above={<Link to="/policies">Policies</Link>} below="It does not stand.">
      {text === null ? <Section><EmptyState title="No policy of this name stands">If it was withdrawn, its versions are below, and each can be put back.</EmptyState></Section> : <PolicyEditor text={text} change={setText} standing={text} applied={() => setText(null)} />}
      <PolicyHistory name={name} putBack={setText} />
    </Page>
  );
}

const MODES = { observe: 'Watches, deletes nothing', ask: 'Asks before it deletes', enforce: 'Deletes' } as const;

function Shown({ policy }: { readonly policy: Policy }) {
  const [text, setText] = useState(policy.text);
  const [withdrawing, setWithdrawing] = useState(false);
  const mayOperate = useMayOperate();
  const ofFile = policy.origin === 'file';
  return (
    <Page
      title={policy.name}
      above={<><Link to="/policies">Policies</Link><Identifier id={policy.version} what="version of the policy" /></>}
      below={<><span>{sentenceCase(policy.kind)}</span>{policy.kind === 'retention' && <b>{MODES[policy.mode as keyof typeof MODES] ?? policy.mode}</b>}{policy.kind !== 'telemetry' && <span>{countOf(policy.servers, 'server')}</span>}<span>stands since <Moment at={policy.activeSince} /></span><span>{policy.reason}</span></>}
      actions={!ofFile && <Button variant="default" disabled={!mayOperate} title={mayOperate ? undefined : NEEDS_OPERATING} onClick={() => setWithdrawing(true)} data-testid="policy-withdraw">Withdraw</Button>}
    >
      {ofFile ? <AsFile policy={policy} /> : <PolicyEditor text={text} change={setText} standing={policy.text} applied={() => undefined} />}
      {policy.kind === 'retention' && <PolicyRollout name={policy.name} />}
      {!ofFile && <PolicyHistory name={policy.name} putBack={setText} />}
      {withdrawing && <WithdrawDialog policy={policy} close={() => setWithdrawing(false)} />}
    </Page>
  );
}

/** What lies as a file can only be changed there, so that two hands never pull at one policy. */
function AsFile({ policy }: { readonly policy: Policy }) {
  const known = useQuery(meQuestion).data !== undefined;
  const plan = useQuery({ ...planQuestion(null, policy.name), enabled: known && policy.kind === 'retention' });
  return (
    <>
      <Section title="As code" aside={<span className="soft">read only</span>}>
        <p style={{ margin: '0 0 8px' }}>It lies as a file in the folder of policies, and is changed there; the change takes effect by itself. To change it here instead, take it out of the folder first.</p>
        <pre className={classes['read']} data-testid="policy-text">{policy.text}</pre>
      </Section>
      {policy.kind === 'retention' && <Section title="What it would delete" flush><Answer to={plan}>{(found) => <PlanView plan={found} />}</Answer><ExactPlan documents={null} policy={policy.name} ready={plan.data !== undefined} /></Section>}
    </>
  );
}

function WithdrawDialog({ policy, close }: { readonly policy: Policy; readonly close: () => void }) {
  const questions = useQueryClient();
  const navigate = useNavigate();
  const isHold = policy.kind === 'hold';
  const done = (): void => {
    for (const key of ['policies', 'history', 'plan', 'waiting']) void questions.invalidateQueries({ queryKey: [key] });
    void navigate({ to: '/policies' });
  };
  return (
    <ReasonDialog title={isHold ? `Release ${policy.name}` : `Withdraw ${policy.name}`} button={isHold ? `Release ${policy.name}` : `Withdraw ${policy.name}`} weighty={isHold} act={(reason) => call('applyPolicies', { body: { documents: [], remove: [policy.name], reason } })} done={done} close={close}>
      <p>{isHold ? 'What it held may be deleted again where a policy says so.' : 'It gives no further orders. What it ordered before comes to its end within its bounds.'} Its history is kept, and it can be put back from there.</p>
    </ReasonDialog>
  );
}
