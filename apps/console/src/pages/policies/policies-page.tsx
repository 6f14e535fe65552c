import type { PolicyOverview } from '@mailwarden/contracts';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { policiesQuestion } from '../../api/questions.js';
import { countOf } from '../../format/quantity.js';
import { sentenceCase } from '../../format/identifier.js';
import { Answer } from '../../parts/answer.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Icon } from '../../parts/icon.js';
import { Identifier } from '../../parts/identifier.js';
import { Moment } from '../../parts/moment.js';
import { Page, Section } from '../../parts/page.js';
import { StateIcon } from '../../state/state-icon.js';
import classes from './policies-page.module.css';

type Policy = PolicyOverview['policies'][number];

/** The policies that stand, word for word, and the files that cannot be used. */
export function PoliciesPage() {
  const policies = useQuery(policiesQuestion);
  return (
    <Page title="Policies" below="What the operators want, as files in the policy folder. A change there takes effect by itself.">
      <Answer to={policies}>
        {({ policies: standing, problems }) => (
          <>
            {problems.length > 0 && <Problems problems={problems} />}
            {standing.length === 0 ? (
              <Section><EmptyState title="No policy stands">Without one, documented and configured limits are watched and nothing is ever deleted. Put a file into the policy folder, and try it first with "mailwarden rotate --policy FILE", which only plans.</EmptyState></Section>
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
  const [open, setOpen] = useState(false);
  const enforce = policy.mode === 'enforce';
  return (
    <li data-testid={`policy-${policy.name}`}>
      <button type="button" className={classes['line']} aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className={classes['turn']} data-open={open || undefined}><Icon name="chevron" size={14} /></span>
        <span className={classes['name']}><b>{policy.name}</b><span className="soft">{policy.reason}</span></span>
        <span>{sentenceCase(policy.kind)}</span>
        <span className={classes['mode']} data-tone={enforce ? 'waiting' : 'neutral'}>{policy.kind === 'retention' && sentenceCase(policy.mode)}</span>
        <span>{policy.kind === 'telemetry' ? <span className="soft" title="How often servers are measured; no store is counted under it">not counted</span> : policy.servers === 0 ? <span className="toned" data-tone="warn">no server</span> : countOf(policy.servers, 'server')}</span>
        <span className="soft">since <Moment at={policy.activeSince} /></span>
      </button>
      {open && <div className={classes['text']}><Identifier id={policy.version} what="version of the policy" /><pre>{policy.text}</pre></div>}
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
