import { Button, Modal, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type ReactNode, type SyntheticEvent } from 'react';
import { asFailure } from '../api/failure.js';
import classes from './reason-dialog.module.css';

const REASON_MAX = 500;

interface ReasonDialogProps {
  readonly title: string;
  /** What happens once it is done. */
  readonly children: ReactNode;
  /** What the button says: the act and how far it reaches. */
  readonly button: string;
  readonly weighty?: boolean;
  readonly act: (reason: string) => Promise<unknown>;
  readonly done: () => void;
  readonly close: () => void;
}

/** Asks why, and does it. Safety: the consequence stands above the button, and the button says it too. */
export function ReasonDialog({ title, children, button, weighty = false, act, done, close }: ReasonDialogProps) {
  const [reason, setReason] = useState('');
  const acting = useMutation({ mutationFn: (why: string) => act(why), onSuccess: done });
  const ready = reason.trim() !== '';
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (ready && !acting.isPending) acting.mutate(reason.trim());
  };
  return (
    <Modal opened onClose={close} title={title} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form className={classes['form']} onSubmit={submit} data-testid="reason-form">
        <div className={classes['consequence']}>{children}</div>
        <Textarea label="Reason" description="Kept with the change; an auditor will ask" name="reason" size="sm" data-autofocus value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={REASON_MAX} autosize minRows={2} required />
        {acting.error !== null && <p role="alert" className="toned" data-tone="bad" style={{ margin: 0 }}>{asFailure(acting.error).detail}</p>}
        <div className={classes['buttons']}>
          <Button variant="default" size="sm" onClick={close}>Cancel</Button>
          <Button type="submit" size="sm" disabled={!ready} loading={acting.isPending} color={weighty ? 'red.9' : 'petrol'} styles={{ label: { whiteSpace: 'normal' }, root: { height: 'auto', minHeight: 36 } }} data-testid="reason-submit">{button}</Button>
        </div>
      </form>
    </Modal>
  );
}
