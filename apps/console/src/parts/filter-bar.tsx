import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useState, type ReactNode } from 'react';
import { Icon } from './icon.js';
import classes from './filter-bar.module.css';

/** One row of filters above a list; all of them live in the address. */
export function FilterBar({ children, clear }: { readonly children: ReactNode; readonly clear?: (() => void) | undefined }) {
  return (
    <div className={classes['bar']} role="search">
      {children}
      {clear !== undefined && <Button variant="subtle" onClick={clear}>Clear</Button>}
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly options: readonly (readonly [value: string, word: string])[];
  readonly any: string;
  readonly choose: (value: string | undefined) => void;
  readonly first?: boolean;
}

/** One filter with few values. */
export function Choice({ label, value, options, any, choose, first = false }: ChoiceProps) {
  return (
    <NativeSelect
      aria-label={label}
      data-filter={first || undefined}
      value={value ?? ''}
      onChange={(event) => choose(event.currentTarget.value === '' ? undefined : event.currentTarget.value)}
      data={[{ value: '', label: any }, ...options.map(([option, word]) => ({ value: option, label: word }))]}
    />
  );
}

/** A filter by words; `/` leads here. It waits until the typing pauses. */
export function FindField({ label, value, find }: { readonly label: string; readonly value: string | undefined; readonly find: (text: string | undefined) => void }) {
  const [text, setText] = useState(value ?? '');
  const later = useDebouncedCallback((next: string) => find(next.trim() === '' ? undefined : next.trim()), 200);
  useEffect(() => setText((typed) => (typed.trim() === (value ?? '') ? typed : (value ?? ''))), [value]);
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      data-filter
      type="search"
      className={classes['find'] ?? ''}
      leftSection={<Icon name="search" size={14} />}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        later(event.currentTarget.value);
      }}
    />
  );
}
