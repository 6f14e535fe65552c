import type { ConsentView } from '@mailwarden/contracts';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { consentsQuestion, meQuestion } from '../../api/questions.js';
import { Answer } from '../../parts/answer.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Page, Section } from '../../parts/page.js';
import { Convergence } from './convergence.js';
import { DecisionDialog, type DecisionStart } from './decision-dialog.js';
import { Decisions } from './decisions.js';
import { ConsentMatrix } from './consent-matrix.js';
import { Licences } from './licences.js';
import { Past } from './past.js';
import { Proposals } from './proposals.js';
import { Records } from './record-links.js';
import { Texts } from './texts.js';

const MAY_DECIDE = new Set(['privacy-officer', 'administrator']);

/** Agreements, what was decided on them, and how far it has reached. */
export function ConsentPage() {
  const consents = useQuery(consentsQuestion);
  const me = useQuery(meQuestion);
  const [start, setStart] = useState<DecisionStart | null>(null);
  const mayDecide = me.data !== undefined && MAY_DECIDE.has(me.data.role);
  const begin = (agreement?: string, server?: string): void => setStart({ agreement, server });
  return (
    <Page
      title="Consent"
      below="Which agreements were decided on, for whom, and how far each decision has reached."
      actions={consents.data !== undefined && consents.data.agreements.length > 0 && <Button onClick={() => begin()} disabled={!mayDecide} title={mayDecide ? undefined : 'This needs the role of a privacy officer or an administrator'} data-testid="record-decision">Record a decision</Button>}
    >
      <Answer to={consents}>{(view) => <Shown view={view} begin={mayDecide ? begin : null} />}</Answer>
      {start !== null && consents.data !== undefined && <DecisionDialog agreements={consents.data.agreements} twoPersons={consents.data.twoPersons} start={start} close={() => setStart(null)} />}
    </Page>
  );
}

function Shown({ view, begin }: { readonly view: ConsentView; readonly begin: ((agreement?: string, server?: string) => void) | null }) {
  if (view.agreements.length === 0) return <Section><EmptyState title="No agreement is known yet" shape="question" tone="unknown">Agreements come from the profiles of the fleet, and their texts from the servers. They show here after the first scan.</EmptyState></Section>;
  return (
    <>
      <Convergence rows={view.convergence} unpublished={view.unpublished} />
      <Proposals view={view} mayDecide={begin !== null} />
      <ConsentMatrix view={view} begin={begin} />
      <Licences view={view} />
      <Texts view={view} mayAdd={begin !== null} />
      <Decisions decisions={view.decisions} />
      <Records agreements={view.agreements} decisions={view.decisions} />
      <Past />
    </>
  );
}
