import type { ConsentView } from '@mailwarden/contracts';
import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { call } from '../../api/call.js';
import { asFailure } from '../../api/failure.js';
import { meQuestion } from '../../api/questions.js';
import classes from './consent.module.css';
import { beginOfDay, type Version } from './text-words.js';

/** A text that was only seen, whose words somebody wants to read. */
export interface WantedText {
  readonly agreement: ConsentView['agreements'][number];
  readonly version: Version;
}

/** Asks a server for the words of a text that it was seen to hold. */
export function FetchDialog({ wanted: { agreement, version }, close }: { readonly wanted: WantedText; readonly close: () => void }) {
  const questions = useQueryClient();
  useQuery(meQuestion); // Refreshes the token that proves to the service that the change comes from here.
  const [label, setLabel] = useState(version.label);
  const [language, setLanguage] = useState(version.language);
  const [effective, setEffective] = useState('');
  const fetching = useMutation({
    mutationFn: () => call('fetchAgreementText', { body: { agreement: agreement.id, textSha256: version.textSha256, label: label.trim(), language: language.trim(), effectiveAt: beginOfDay(effective), server: null } }),
    onSuccess: () => {
      void questions.invalidateQueries({ queryKey: ['consents'] });
      close();
    },
  });
  const ready = label.trim() !== '' && language.trim().length > 1;
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (ready && !fetching.isPending) fetching.mutate();
  };
  return (
    <Modal opened onClose={close} title={`Fetch the words of ${agreement.title}`} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form className={classes['form']} onSubmit={submit} data-testid="fetch-form">
        <TextInput label="Version" name="label" size="sm" description="What people call it" value={label} onChange={(event) => setLabel(event.currentTarget.value)} maxLength={100} required />
        <TextInput label="Language" name="language" size="sm" value={language} onChange={(event) => setLanguage(event.currentTarget.value)} maxLength={20} required />
        <TextInput label="In effect from" name="effective" size="sm" type="date" value={effective} onChange={(event) => setEffective(event.currentTarget.value)} />
        <p className={classes['consequence']}>A server that holds it sends the words once, sealed for this answer alone. They are taken only with the hash that it told of, and nothing counts differently by it.</p>
        {fetching.error !== null && <p role="alert" className={classes['error']} data-tone="bad">{asFailure(fetching.error).detail}</p>}
        <div style={{ display: 'flex', flexWrap: 'wrap', justifyContent: 'flex-end', gap: 8 }}>
          <Button variant="default" size="sm" onClick={close}>Cancel</Button>
          <Button type="submit" size="sm" disabled={!ready} loading={fetching.isPending} data-testid="fetch-submit">Ask a server</Button>
        </div>
      </form>
    </Modal>
  );
}
