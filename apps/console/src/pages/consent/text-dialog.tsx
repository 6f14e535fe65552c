import { AGREEMENT_BYTES_MAX, type ConsentView } from '@mailwarden/contracts';
import { exactText } from '@mailwarden/kernel';
import { Button, FileInput, Modal, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { call } from '../../api/call.js';
import { asFailure } from '../../api/failure.js';
import { meQuestion } from '../../api/questions.js';
import classes from './consent.module.css';
import { beginOfDay } from './text-words.js';

/** Nothing was asked of the service. */
class UnfitFile extends Error {}

/** Reads a file as it is: its hash is what decisions name. Errors: throws `UnfitFile`, in words, for what is no text in UTF-8 or too long. */
async function textOf(file: File): Promise<string> {
  if (file.size > AGREEMENT_BYTES_MAX) throw new UnfitFile('This file is longer than an agreement may be.');
  const text = exactText(await file.arrayBuffer());
  if (text === null) throw new UnfitFile('This file is no text in UTF-8. Its hash would be another one; choose the edition in UTF-8.');
  return text;
}

/** Gives in the text of an agreement, as its file has it. */
export function TextDialog({ agreements, close }: { readonly agreements: ConsentView['agreements']; readonly close: () => void }) {
  const questions = useQueryClient();
  useQuery(meQuestion); // Refreshes the token that proves to the service that the change comes from here.
  const [agreement, setAgreement] = useState(agreements[0]?.id ?? '');
  const [label, setLabel] = useState('');
  const [language, setLanguage] = useState('en');
  const [effective, setEffective] = useState('');
  const [file, setFile] = useState<File | null>(null);
  const give = useMutation({
    mutationFn: async (chosen: File) => call('addAgreementText', { body: { agreement, label: label.trim(), language: language.trim(), effectiveAt: beginOfDay(effective), text: await textOf(chosen) } }),
    onSuccess: () => {
      void questions.invalidateQueries({ queryKey: ['consents'] });
      close();
    },
  });
  const ready = agreement !== '' && label.trim() !== '' && language.trim().length > 1 && file !== null;
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (ready && !give.isPending) give.mutate(file);
  };
  return (
    <Modal opened onClose={close} title="Give in a text" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form className={classes['form']} onSubmit={submit} data-testid="text-form">
        <NativeSelect label="Agreement" name="agreement" size="sm" value={agreement} onChange={(event) => setAgreement(event.currentTarget.value)} data={agreements.map(({ id, title }) => ({ value: id, label: title }))} />
        <FileInput label="File" size="sm" description="As it lies on the servers or came from the vendor, in UTF-8: decisions name it by its hash" placeholder="Choose a file" value={file} onChange={setFile} required />
        <TextInput label="Version" name="label" size="sm" description="What people call it" value={label} onChange={(event) => setLabel(event.currentTarget.value)} maxLength={100} required />
        <TextInput label="Language" name="language" size="sm" value={language} onChange={(event) => setLanguage(event.currentTarget.value)} maxLength={20} required />
        <TextInput label="In effect from" name="effective" size="sm" type="date" value={effective} onChange={(event) => setEffective(event.currentTarget.value)} />
        <p className={classes['consequence']}>A grant that names no text covers the newest one that is in effect. Where servers hold another text than the one that was granted, the agreement is open again there.</p>
        {give.error !== null && <p role="alert" className={classes['error']} data-tone="bad">{give.error instanceof UnfitFile ? give.error.message : asFailure(give.error).detail}</p>}
        <div style={{ display: 'flex', flexWrap: 'wrap', justifyContent: 'flex-end', gap: 8 }}>
          <Button variant="default" size="sm" onClick={close}>Cancel</Button>
          <Button type="submit" size="sm" disabled={!ready} loading={give.isPending} data-testid="text-submit">Give in the text</Button>
        </div>
      </form>
    </Modal>
  );
}
