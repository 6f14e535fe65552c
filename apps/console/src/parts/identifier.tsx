import { CopyButton, UnstyledButton } from '@mantine/core';
import { shortId } from '../format/identifier.js';
import { Icon } from './icon.js';
import classes from './identifier.module.css';

/** An id that is shown in part, read whole on hover, and copied with a click. */
export function Identifier({ id, whole = false, what = 'id' }: { readonly id: string; readonly whole?: boolean; readonly what?: string }) {
  return (
    <CopyButton value={id} timeout={1500}>
      {({ copied, copy }) => (
        <UnstyledButton className={classes['identifier']} onClick={copy} title={`${id}\nClick to copy`} aria-label={`Copy ${what} ${id}`}>
          <code>{whole ? id : shortId(id)}</code>
          <Icon name={copied ? 'check' : 'copy'} size={12} />
          <span className="sr-only" role="status">{copied ? 'Copied' : ''}</span>
        </UnstyledButton>
      )}
    </CopyButton>
  );
}
