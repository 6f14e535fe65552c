import type { ReactElement } from 'react';
import type { Shape } from './state-words.js';

const stroke = { fill: 'none', stroke: 'currentColor', strokeWidth: 1.7, strokeLinecap: 'round', strokeLinejoin: 'round' } as const;
const cut = { fill: 'none', stroke: 'var(--mw-surface)', strokeWidth: 1.8, strokeLinecap: 'round', strokeLinejoin: 'round' } as const;

/** Seven outlines that stay apart at twelve pixels and in grey. */
const DRAWN: Readonly<Record<Shape, ReactElement>> = {
  tick: (<><circle cx="8" cy="8" r="7" fill="currentColor" /><path d="m4.8 8.200 2.200 2.200 4.200-4.500" {...cut} /></>),
  alarm: (<><path d="M8 1.200 15.300 14H.7z" fill="currentColor" stroke="currentColor" strokeWidth="1" strokeLinejoin="round" /><path d="M8 6v3.600M8 11.900v.1" {...cut} /></>),
  question: (<><path d="M8 .9 15.100 8 8 15.100.9 8z" {...stroke} strokeDasharray="2.600 1.900" /><path d="M6.500 6.700c0-1.900 3-1.900 3 0 0 1-1.500 1.200-1.500 2.200M8 11v.1" {...stroke} strokeWidth="1.500" /></>),
  clock: (<><circle cx="8" cy="8" r="6.400" {...stroke} /><path d="M8 4.500V8l2.300 1.600" {...stroke} /></>),
  'open-end': <path d="M5 4H1.800v8H5M6.200 8h8m-2.600-2.800L14.400 8l-2.800 2.800" {...stroke} />,
  stop: (<><path d="M5 1.200h6L14.800 5v6L11 14.800H5L1.200 11V5z" {...stroke} /><path d="M5 8h6" {...stroke} strokeWidth="2" /></>),
  seal: (<><path d="m8 .8 1.900 1.500 2.400-.200.7 2.300 2 1.400-.9 2.200.9 2.200-2 1.400-.7 2.300-2.400-.200L8 15.200l-1.900-1.500-2.400.2-.7-2.300-2-1.400.9-2.200L1 5.800l2-1.400.7-2.300 2.400.2z" fill="currentColor" /><path d="m5.200 8.100 2 2 3.700-4" {...cut} /></>),
};

/** The shape of a state. Decoration: the word beside it says the same. */
export function StateIcon({ shape, size = 14 }: { readonly shape: Shape; readonly size?: number }) {
  return (
    <svg viewBox="0 0 16 16" width={size} height={size} aria-hidden="true" focusable="false" style={{ flex: 'none' }}>
      {DRAWN[shape]}
    </svg>
  );
}
