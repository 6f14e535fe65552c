import type { PolicyOverview } from '@mailwarden/contracts';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { NEEDS_OPERATING, useMayOperate } from '../../api/operating.js';
import { policiesQuestion } from '../../api/questions.js';
import { countOf } from '../../format/quantity.js';
import { sentenceCase } from '../../format/identifier.js';
import { Answer } from '../../parts/answer.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Moment } from '../../parts/moment.js';
import { Page, Section } from '../../parts/page.js';
import { StateIcon } from '../../state/state-icon.js';
import classes from './policies-page.module.css';

type Policy = PolicyOverview['policies'][number];

/** The policies that stand, and the files that cannot be used. */
export function PoliciesPage() {
  const policies = useQuery(policiesQuestion);
  const mayOperate = useMayOperate();
  const navigate = useNavigate();
  return (
    <Page
      title="Policies"
      below="What the operators want: applied here or by command, or as files in the policy folder. A change takes effect by itself."
      actions={<Button disabled={!mayOperate} title={mayOperate ? undefined : NEEDS_OPERATING} onClick={() => void navigate({ to: '/new-policy' })} data-testid="new-policy">New policy</Button>}
    >
      <Answer to={policies}>
        {({ policies: standing, problems }) => (
          <>
            {problems.length > 0 && <Problems problems={problems} />}
            {standing.length === 0 ? (
              <Section><EmptyState title="No policy stands">Without one, documented and configured limits are watched and nothing is ever deleted. A new policy shows what it would delete before it is applied.</EmptyState></Section>
            ) : (
              <Section flush><ul className={classes['list']} data-testid="policies-list">{standing.map((policy) => <PolicyLine key={policy.name} policy={policy} />)}</ul></Section>
            )}
          </>
        )}
      </Answer>
    </Page>
  );
}

function PolicyLine({ policy }: { readonly policy: Policy }) {
  const tone = policy.mode === 'enforce' ? 'waiting' : policy.mode === 'ask' ? 'warn' : 'neutral';
  return (
    <li data-testid={`policy-${policy.name}`}>
      <Link to="/policies/$name" params={{ name: policy.name }} className={classes['line'] ?? ''}>
        <span className={classes['name']}><b>{policy.name}</b><span className="soft">{policy.reason}</span></span>
        <span>{sentenceCase(policy.kind)}</span>
        <span className={classes['mode']} data-tone={tone}>{policy.kind === 'retention' && sentenceCase(policy.mode)}</span>
        <span>{policy.kind === 'telemetry' ? <span className="soft" title="How often servers are measured; no store is counted under it">not counted</span> : policy.servers === 0 ? <span className="toned" data-tone="warn">no server</span> : countOf(policy.servers, 'server')}</span>
        <span className="soft">{policy.origin === 'file' ? 'from a file' : 'applied'}</span>
        <span className="soft">since <Moment at={policy.activeSince} /></span>
      </Link>
    </li>
  );
}

function Problems({ problems }: { readonly problems: PolicyOverview['problems'] }) {
  return (
    <Section title={<span className="toned" data-tone="bad" style={{ display: 'inline-flex', gap: 8 }}><StateIcon shape="alarm" />{countOf(problems.length, 'problem')} in policy files</span>} testId="policy-problems">
      <p style={{ margin: '0 0 8px' }}>A file with a problem is left out whole; the policies below stand without it.</p>
      <ul className={classes['problems']}>{problems.map((problem) => <li key={`${problem.file} ${problem.line} ${problem.path} ${problem.message}`}><code>{problem.file}:{problem.line}</code> <code className="soft">{problem.path}</code> <span className="break">{problem.message}</span></li>)}</ul>
    </Section>
  );
}
