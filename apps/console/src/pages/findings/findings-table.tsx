import type { FindingView } from '@mailwarden/contracts';
import { Link } from '@tanstack/react-router';
import { Moment } from '../../parts/moment.js';
import { Cell, Table } from '../../parts/table.js';
import { FindingServer } from './finding-server.js';
import { FINDING_WORDS } from '../../state/finding-words.js';
import { SeverityBadge, StateBadge } from '../../state/state-badge.js';
import { FINDING_LOOKS, remediationLook } from '../../state/state-words.js';

/** Findings line by line. */
export function FindingsTable({ findings, ofServer = false }: { readonly findings: readonly FindingView[]; readonly ofServer?: boolean }) {
  return (
    <Table label="Findings" testId="findings-table" columns={['Finding', 'Severity', ...(ofServer ? [] : ['Server']), 'Store', 'State', 'Remediation', 'Since']}>
      {findings.map((finding) => (
        <tr key={finding.id} data-testid={`finding-${finding.id}`}>
          <Cell column="Finding" lead><span><Link to="/findings/$id" params={{ id: finding.id }} style={{ fontWeight: 600 }}>{FINDING_WORDS[finding.code].title}</Link><br /><span className="break">{finding.message}</span></span></Cell>
          <Cell column="Severity"><SeverityBadge severity={finding.severity} /></Cell>
          {!ofServer && <Cell column="Server"><FindingServer server={finding.server} /></Cell>}
          <Cell column="Store">{finding.store ?? <span className="soft">whole server</span>}</Cell>
          <Cell column="State"><StateBadge look={FINDING_LOOKS[finding.state]} quiet /></Cell>
          <Cell column="Remediation">{finding.remediation === null ? <span className="soft" title="Mailwarden does nothing about this by itself; the finding says what to do">by hand</span> : <Link to="/rotations/$id" params={{ id: finding.remediation.order }}><StateBadge look={remediationLook(finding.remediation.state)} quiet /></Link>}</Cell>
          <Cell column="Since"><Moment at={finding.openedAt} /></Cell>
        </tr>
      ))}
    </Table>
  );
}
