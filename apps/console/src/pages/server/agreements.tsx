import type { Statement } from '@mailwarden/contracts';
import { Link } from '@tanstack/react-router';
import { Identifier } from '../../parts/identifier.js';
import { MeasuredValue } from '../../parts/measured-value.js';
import { Section } from '../../parts/page.js';
import { Cell, Table } from '../../parts/table.js';
import { StateBadge } from '../../state/state-badge.js';
import { CONSENT_LOOKS, DISPLAY_LOOKS } from '../../state/state-words.js';

/** The agreements: what was decided, and what the server itself has on record. */
export function Agreements({ statement: { agreements } }: { readonly statement: Statement }) {
  return (
    <Section title="Agreements" aside={<Link to="/consent">Decisions and convergence</Link>} testId="statement-agreements" flush>
      <Table label="Agreements" columns={['Agreement', 'Gates', 'Decision that counts', 'Record on the server', 'Text on the server']}>
        {agreements.map((agreement) => (
          <tr key={agreement.id} data-testid={`statement-agreement-${agreement.id}`}>
            <Cell column="Agreement" lead><span><b style={{ fontWeight: 600 }}>{agreement.title}</b><br /><span className="soft">{agreement.id}</span></span></Cell>
            <Cell column="Gates">{agreement.gates.join('; ')}</Cell>
            <Cell column="Decision that counts"><span><StateBadge look={agreement.state === null ? DISPLAY_LOOKS.unknown : CONSENT_LOOKS[agreement.state]} /><br /><span className="soft break">{agreement.because}</span></span></Cell>
            <Cell column="Record on the server">
              <MeasuredValue of={agreement.recorded}>{({ accepted, byAnswerFile, version }) => <span>{accepted ? 'Accepted' : 'Not accepted'}{accepted && (byAnswerFile ? <b className="toned" data-tone="bad"> by an answer file</b> : ' by a person')}{version !== null && <><br /><Identifier id={version} what="recorded version" /></>}</span>}</MeasuredValue>
            </Cell>
            <Cell column="Text on the server"><MeasuredValue of={agreement.textSha256}>{(hash) => <Identifier id={hash} what="hash of the text" />}</MeasuredValue></Cell>
          </tr>
        ))}
      </Table>
    </Section>
  );
}
