import type { ConsentView } from '@mailwarden/contracts';
import { Link } from '@tanstack/react-router';
import { countOf } from '../../format/quantity.js';
import { Section } from '../../parts/page.js';
import { Cell, Table } from '../../parts/table.js';
import { SeverityBadge } from '../../state/state-badge.js';

/** Licences that change what products send, whatever was decided. Not shown while all are in order. */
export function Licences({ view: { licences, licencesMore } }: { readonly view: Pick<ConsentView, 'licences' | 'licencesMore'> }) {
  if (licences.length === 0) return null;
  return (
    <Section title="Licences that change what may be sent" testId="consent-licences" flush>
      <Table label="Licences that are over, not in order, or end soon" columns={['Server', 'Notice', { title: 'Severity', width: '120px' }]}>
        {licences.map(({ finding, server, severity, message }) => (
          <tr key={finding}>
            <Cell column="Server" lead><Link to="/servers/$name" params={{ name: server }}>{server}</Link></Cell>
            <Cell column="Notice"><Link to="/findings/$id" params={{ id: finding }}>{message}</Link></Cell>
            <Cell column="Severity"><SeverityBadge severity={severity} /></Cell>
          </tr>
        ))}
      </Table>
      {licencesMore > 0 && <p className="soft" style={{ margin: 0, padding: '12px 16px' }}>And {countOf(licencesMore, 'more notice')}.</p>}
    </Section>
  );
}
