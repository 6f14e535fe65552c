import type { ConsentView, ProposalSummary } from '@mailwarden/contracts';
import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.js';
import { meQuestion, proposalQuestion } from '../../api/questions.js';
import { countOf } from '../../format/quantity.js';
import { Identifier } from '../../parts/identifier.js';
import { Moment } from '../../parts/moment.js';
import { Section } from '../../parts/page.js';
import { ReasonDialog } from '../../parts/reason-dialog.js';
import { Cell, Table } from '../../parts/table.js';
import { DECISION_VERBS } from './consequence.js';
import { scopeWords } from './scope-words.js';
import { RULE_WORDS } from './text-words.js';

interface Begun {
  readonly proposal: ProposalSummary;
  readonly action: 'confirm' | 'reject';
}

/** What one person would have recorded, and another one has to confirm. Shown where such decisions take two persons, or something waits still. */
export function Proposals({ view: { twoPersons, proposals }, mayDecide }: { readonly view: ConsentView; readonly mayDecide: boolean }) {
  const { data: me } = useQuery(meQuestion);
  const [begun, setBegun] = useState<Begun | null>(null);
  if (twoPersons === 'none' && proposals.length === 0) return null;
  return (
    <Section title="Waits for a second person" testId="consent-proposals" flush>
      {proposals.length === 0 ? <p className="soft" style={{ margin: 0, padding: '12px 16px' }}>{RULE_WORDS[twoPersons]} Nothing waits.</p> : (
        <Table label="Decisions that wait for a second person" columns={['Decision', 'Scope', 'On behalf of', 'Reason', { title: 'Proposed', width: '150px' }, { title: 'Answer', width: '190px' }]}>
          {proposals.map((proposal) => {
            const [first] = proposal.decisions;
            const isOwn = me?.name === proposal.proposedBy;
            return (
              <tr key={proposal.id} data-testid={`proposal-${proposal.id}`}>
                <Cell column="Decision" lead><span>{first === undefined ? '' : `${DECISION_VERBS[first.action]} ${first.agreement}`}{proposal.count > 1 && <><br /><span className="soft">and {countOf(proposal.count - 1, 'more decision')} of one file</span></>}<br /><Identifier id={proposal.id} what="proposal" /></span></Cell>
                <Cell column="Scope">{first === undefined ? '' : scopeWords(first.scope)}</Cell>
                <Cell column="On behalf of">{first?.onBehalfOf ?? ''}</Cell>
                <Cell column="Reason"><span className="break">{first?.reason ?? ''}</span></Cell>
                <Cell column="Proposed"><span>{proposal.proposedBy}<br /><span className="soft"><Moment at={proposal.proposedAt} />; lapses <Moment at={proposal.lapsesAt} /></span></span></Cell>
                <Cell column="Answer">
                  <span style={{ display: 'flex', flexWrap: 'wrap', gap: 4 }}>
                    {!isOwn && <Button size="xs" disabled={!mayDecide} onClick={() => setBegun({ proposal, action: 'confirm' })}>Confirm</Button>}
                    <Button size="xs" variant="default" disabled={!mayDecide} onClick={() => setBegun({ proposal, action: 'reject' })}>{isOwn ? 'Take back' : 'Reject'}</Button>
                    {isOwn && <span className="soft">another person confirms it</span>}
                  </span>
                </Cell>
              </tr>
            );
          })}
        </Table>
      )}
      {begun !== null && <AnswerDialog begun={begun} close={() => setBegun(null)} />}
    </Section>
  );
}

/** Shows all that would be recorded, and asks why. */
function AnswerDialog({ begun: { proposal, action }, close }: { readonly begun: Begun; readonly close: () => void }) {
  const questions = useQueryClient();
  const { data: whole } = useQuery(proposalQuestion(proposal.id));
  const decisions = whole?.decisions ?? proposal.decisions;
  const counted = countOf(proposal.count, 'decision');
  const answer = async (reason: string): Promise<void> => {
    await call('answerProposal', { params: { id: proposal.id }, body: { action, reason } });
    await questions.invalidateQueries({ queryKey: ['consents'] });
  };
  return (
    <ReasonDialog title={action === 'confirm' ? 'Confirm as the second person' : 'Reject the proposal'} button={action === 'confirm' ? `Record ${counted}` : `Reject ${counted}`} weighty={action === 'reject'} act={answer} done={close} close={close}>
      <p>{action === 'confirm' ? `Proposed by ${proposal.proposedBy}. Once you confirm, it is recorded with both names and reaches the servers.` : 'Nothing of it is recorded. It can be proposed anew.'}</p>
      <ul>
        {decisions.map((decision, index) => (
          <li key={index}>{DECISION_VERBS[decision.action]} {decision.agreement} for {scopeWords(decision.scope)}, on behalf of {decision.onBehalfOf}: <span className="break">{decision.reason}</span>{decision.textSha256 !== null && <> <Identifier id={decision.textSha256} what="hash of the text" /></>}{decision.region !== null && `; only in ${decision.region}`}{decision.validUntil !== null && <>; until <Moment at={decision.validUntil} /></>}</li>
        ))}
      </ul>
      {decisions.length < proposal.count && <p className="soft">The others are on their way.</p>}
    </ReasonDialog>
  );
}
