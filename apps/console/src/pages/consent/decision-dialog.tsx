import type { ConsentScope, ConsentView, Decision, TwoPersonRule } from '@mailwarden/contracts';
import { Button, Modal, NativeSelect, SegmentedControl, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { call } from '../../api/call.js';
import { asFailure } from '../../api/failure.js';
import { fleetQuestion, meQuestion } from '../../api/questions.js';
import { Moment } from '../../parts/moment.js';
import { decisionButton, decisionConsequence } from './consequence.js';
import { groupsOf, regionsOf, scopeFrom, scopeWords, serversIn } from './scope-words.js';
import { decidedOn, endOfDay, takesTwo, versionWords } from './text-words.js';
import classes from './consent.module.css';

/** What the dialog begins with. */
export interface DecisionStart {
  readonly agreement: string | undefined;
  readonly server: string | undefined;
}

interface DialogProps {
  readonly agreements: ConsentView['agreements'];
  readonly twoPersons: TwoPersonRule;
  readonly start: DecisionStart;
  readonly close: () => void;
}

const ACTIONS = [{ value: 'grant', label: 'Grant' }, { value: 'decline', label: 'Decline' }, { value: 'withdraw', label: 'Withdraw' }];
const SCOPES = [{ value: 'organisation', label: 'Organisation' }, { value: 'group', label: 'Group' }, { value: 'server', label: 'Server' }];

/** Records what a person decided. Safety: what it does is said above the button, and by the button, before it is done. */
export function DecisionDialog({ agreements, twoPersons, start, close }: DialogProps) {
  const questions = useQueryClient();
  const { data: servers = [] } = useQuery({ ...fleetQuestion, select: (fleet) => fleet.servers });
  // Refreshes the token that proves to the service that the change comes from here.
  useQuery(meQuestion);
  const [agreementId, setAgreement] = useState(start.agreement ?? agreements[0]?.id ?? '');
  const [action, setAction] = useState<Decision['action']>('grant');
  const [kind, setKind] = useState<ConsentScope['kind']>(start.server === undefined ? 'organisation' : 'server');
  const [chosen, setChosen] = useState(start.server ?? '');
  const [onBehalfOf, setOnBehalfOf] = useState('');
  const [reason, setReason] = useState('');
  const [text, setText] = useState('');
  const [region, setRegion] = useState('');
  const [until, setUntil] = useState('');
  const [decided, setDecided] = useState('');
  const record = useMutation({
    mutationFn: (scope: ConsentScope) => call('decide', { body: { agreement: agreementId, textSha256: text === '' ? null : text, action, scope, onBehalfOf: onBehalfOf.trim(), means: decided === '' ? 'console' : 'imported-document', reason: reason.trim(), validUntil: endOfDay(until), region: region === '' ? null : region, decidedAt: decidedOn(decided, action, Date.now()) } }),
    onSuccess: (reply) => {
      void questions.invalidateQueries({ queryKey: ['consents'] });
      if (!('waitsFor' in reply) && reply.outrankedBy === null) close();
    },
  });
  const recorded = record.data === undefined || 'waitsFor' in record.data ? null : record.data;
  const waits = record.data !== undefined && 'waitsFor' in record.data ? record.data.waitsFor : null;
  const agreement = agreements.find(({ id }) => id === agreementId);
  const scope = scopeFrom(kind, chosen);
  const reached = scope === null ? [] : serversIn(scope, servers);
  const silent = reached.filter((row) => row.agent !== 'live').length;
  const ready = agreement !== undefined && scope !== null && onBehalfOf.trim() !== '' && reason.trim() !== '';
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (ready && !record.isPending) record.mutate(scope);
  };
  return (
    <Modal opened onClose={close} title="Record a decision" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form className={classes['form']} onSubmit={submit} data-testid="decision-form">
        <NativeSelect label="Agreement" name="agreement" size="sm" value={agreementId} onChange={(event) => { setAgreement(event.currentTarget.value); setText(''); }} data={agreements.map(({ id, title }) => ({ value: id, label: title }))} />
        <SegmentedControl aria-label="Action" data={ACTIONS} value={action} onChange={(value) => setAction(value as Decision['action'])} fullWidth />
        <SegmentedControl aria-label="Scope" data={SCOPES} value={kind} onChange={(value) => { setKind(value as ConsentScope['kind']); setChosen(''); }} fullWidth />
        {kind === 'group' && <NativeSelect label="Servers with the label" name="group" size="sm" value={chosen} onChange={(event) => setChosen(event.currentTarget.value)} data={[{ value: '', label: 'Choose a label' }, ...groupsOf(servers)]} />}
        {kind === 'server' && <NativeSelect label="Server" name="server" size="sm" value={chosen} onChange={(event) => setChosen(event.currentTarget.value)} data={[{ value: '', label: 'Choose a server' }, ...servers.map((row) => row.server)]} />}
        <TextInput label="On behalf of" name="onBehalfOf" size="sm" description="The organisation or the person with the right to decide" value={onBehalfOf} onChange={(event) => setOnBehalfOf(event.currentTarget.value)} maxLength={200} required />
        <Textarea label="Reason" name="reason" size="sm" value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={500} autosize minRows={2} required />
        <details>
          <summary>Text, region and time</summary>
          <div className={classes['more']}>
            <NativeSelect label="Text" name="text" size="sm" value={text} onChange={(event) => setText(event.currentTarget.value)} data={[{ value: '', label: action === 'grant' ? 'The newest that is in effect' : 'Every text' }, ...(agreement?.versions ?? []).map((version) => ({ value: version.textSha256, label: versionWords(version) }))]} />
            <NativeSelect label="Only in the region" name="region" size="sm" value={region} onChange={(event) => setRegion(event.currentTarget.value)} data={[{ value: '', label: 'Any' }, ...regionsOf(servers)]} />
            <TextInput label="Valid until the end of" name="until" type="date" size="sm" value={until} onChange={(event) => setUntil(event.currentTarget.value)} />
            <TextInput label="Decided on" name="decided" type="date" size="sm" description="Where an older document is recorded; it counts from that day" value={decided} onChange={(event) => setDecided(event.currentTarget.value)} />
          </div>
        </details>
        <p className={classes['consequence']}>{agreement === undefined || scope === null ? 'Choose for whom the decision counts.' : <>For {scopeWords(scope)}. {decisionConsequence(action, agreement.gates, reached.length, silent)}{action === 'grant' && (text === '' ? ' It covers the newest text that is in effect; a new text asks again.' : ' It covers the chosen text only.')}{takesTwo(twoPersons, action) && ' Another person has to confirm it first; nothing counts before.'}</>}</p>
        {recorded?.outrankedBy != null && <p role="alert" className={classes['error']} data-tone="warn" data-testid="decision-outranked">It was recorded, and nothing changes by it: a later decision for the same scope counts ({recorded.outrankedBy.action}, <Moment at={recorded.outrankedBy.decidedAt} />).</p>}
        {waits !== null && <p role="status" className={classes['error']} data-tone="warn" data-testid="decision-waits">It waits for a second person, until <Moment at={waits.lapsesAt} />. Nothing counts before.</p>}
        {record.error !== null && <p role="alert" className={classes['error']} data-tone="bad">{asFailure(record.error).detail}</p>}
        <div style={{ display: 'flex', flexWrap: 'wrap', justifyContent: 'flex-end', gap: 8 }}>
          <Button variant="default" size="sm" onClick={close}>{record.isSuccess ? 'Close' : 'Cancel'}</Button>
          <Button type="submit" size="sm" disabled={!ready || record.isSuccess} loading={record.isPending} color={action === 'grant' ? 'petrol' : 'red.9'} styles={{ label: { whiteSpace: 'normal' }, root: { height: 'auto', minHeight: 36 } }} data-testid="decision-submit">{decisionButton(action, agreement?.title ?? 'the agreement', reached.length)}</Button>
        </div>
      </form>
    </Modal>
  );
}
