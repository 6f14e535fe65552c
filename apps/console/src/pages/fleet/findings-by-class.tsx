import type { FleetView } from '@mailwarden/contracts';
import { Link } from '@tanstack/react-router';
import { countOf } from '../../format/quantity.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Section } from '../../parts/page.js';
import { FINDING_WORDS } from '../../state/finding-words.js';
import { SeverityBadge } from '../../state/state-badge.js';
import { SEVERITY_LOOKS } from '../../state/state-words.js';
import classes from './fleet-page.module.css';

/** Open findings by what is wrong, the weightiest first. */
export function FindingsByClass({ classes: byCode }: { readonly classes: FleetView['findingsByCode'] }) {
  const most = Math.max(1, ...byCode.map(({ open }) => open));
  return (
    <Section title="Open findings by class" aside={<Link to="/findings">All findings</Link>} flush>
      {byCode.length === 0 ? <EmptyState title="No open findings" shape="tick" tone="good">Every expectation that could be measured holds. What could not be measured is told on each server's own page.</EmptyState> : (
        <ul className={classes['codes']}>
          {byCode.map(({ code, severity, open, servers }) => (
            <li key={`${code} ${severity}`}>
              <Link to="/findings" search={{ code, severity }} className={classes['code'] ?? ''}>
                <SeverityBadge severity={severity} />
                <span>{FINDING_WORDS[code].title}</span>
                <span className={classes['meter']} data-tone={SEVERITY_LOOKS[severity].tone} aria-hidden="true"><i style={{ width: `${(100 * open) / most}%` }} /></span>
                <span className="soft" style={{ textAlign: 'right' }}><b style={{ color: 'var(--mw-text)' }}>{open}</b> on {countOf(servers, 'server')}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
