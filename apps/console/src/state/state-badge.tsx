import type { FindingView } from '@mailwarden/contracts';
import { SEVERITY_LOOKS, type StateLook } from './state-words.js';
import { StateIcon } from './state-icon.js';
import classes from './state-badge.module.css';

/** A state by shape, word and colour. */
export function StateBadge({ look, title, quiet = false }: { readonly look: StateLook; readonly title?: string | undefined; readonly quiet?: boolean }) {
  return (
    <span className={classes['badge']} data-tone={look.tone} data-quiet={quiet || undefined} title={title}>
      <StateIcon shape={look.shape} />
      {look.word}
    </span>
  );
}

/** How much a finding matters: a word, and one to four steps. */
export function SeverityBadge({ severity, count }: { readonly severity: FindingView['severity']; readonly count?: number }) {
  const { word, tone, level } = SEVERITY_LOOKS[severity];
  return (
    <span className={classes['severity']} data-tone={tone} title={count === undefined ? undefined : `${count} open, ${word.toLowerCase()}`}>
      <svg viewBox="0 0 15 12" width="15" height="12" aria-hidden="true">
        {[1, 2, 3, 4].map((step) => (
          <rect key={step} x={(step - 1) * 4} y={9 - step * 2} width="2.600" height={3 + step * 2} rx="0.600" fill="currentColor" opacity={step <= level ? 1 : 0.22} />
        ))}
      </svg>
      {count === undefined ? word : <><b>{count}</b> {word.toLowerCase()}</>}
    </span>
  );
}
