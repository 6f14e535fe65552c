import { Button, CopyButton, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Icon } from './icon.js';
import classes from './raw-json.module.css';

/** The object as the service sent it, one click away. Shown as text alone. */
export function RawJson({ value, title }: { readonly value: unknown; readonly title: string }) {
  const [opened, { open, close }] = useDisclosure(false);
  const text = JSON.stringify(value, null, 2);
  return (
    <>
      <Button variant="default" leftSection={<Icon name="code" size={14} />} onClick={open}>Raw JSON</Button>
      <Modal opened={opened} onClose={close} title={title} size="xl" closeButtonProps={{ 'aria-label': 'Close' }}>
        <CopyButton value={text}>{({ copied, copy }) => <Button variant="default" onClick={copy} mb="xs">{copied ? 'Copied' : 'Copy'}</Button>}</CopyButton>
        <pre className={classes['json']}>{text}</pre>
      </Modal>
    </>
  );
}

/** The same without a dialog, inside a row that was opened. */
export function JsonText({ value }: { readonly value: unknown }) {
  return <pre className={classes['json']}>{JSON.stringify(value, null, 2)}</pre>;
}
