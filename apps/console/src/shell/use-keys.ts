import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { SEQUENCE_MS, wishOf } from './key-sequence.js';

const isTyping = (target: EventTarget | null): boolean => target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'));

/** Listens for the keys that lead through the console. A dialog that is open keeps its keys. */
export function useKeys(showHelp: () => void): void {
  const navigate = useNavigate();
  useEffect(() => {
    let gAt = Number.NEGATIVE_INFINITY;
    const onKey = (event: KeyboardEvent): void => {
      if (document.querySelector('[role="dialog"]') !== null) return;
      const wish = wishOf({ key: event.key, typing: isTyping(event.target), modified: event.ctrlKey || event.altKey || event.metaKey }, event.timeStamp - gAt < SEQUENCE_MS);
      gAt = wish.kind === 'wait' ? event.timeStamp : Number.NEGATIVE_INFINITY;
      if (wish.kind === 'nothing' || wish.kind === 'wait') return;
      event.preventDefault();
      if (wish.kind === 'go') void navigate({ to: wish.to });
      else if (wish.kind === 'help') showHelp();
      else document.querySelector<HTMLElement>('input[data-filter], select[data-filter]')?.focus();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [navigate, showHelp]);
}
