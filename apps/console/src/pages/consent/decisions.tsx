import type { Decision } from '@mailwarden/contracts';
import { EmptyState } from '../../parts/empty-state.js';
import { Identifier } from '../../parts/identifier.js';
import { Moment } from '../../parts/moment.js';
import { Section } from '../../parts/page.js';
import { Cell, Table } from '../../parts/table.js';
import { StateBadge } from '../../state/state-badge.js';
import { CONSENT_LOOKS } from '../../state/state-words.js';
import { ReceiptLink } from './record-links.js';
import { scopeWords } from './scope-words.js';

const LOOKS = { grant: CONSENT_LOOKS.granted, decline: CONSENT_LOOKS.declined, withdraw: CONSENT_LOOKS.withdrawn } as const;
const MEANS = { console: 'in the console', 'command-line': 'by command', 'imported-document': 'from a document' } as const;

/** Who decided what, newest first. */
export function Decisions({ decisions }: { readonly decisions: readonly Decision[] }) {
  const newest = [...decisions].sort((a, b) => (a.recordedAt < b.recordedAt ? 1 : -1));
  return (
    <Section title="Decisions" testId="consent-decisions" flush>
      {newest.length === 0 ? <EmptyState title="Nothing was decided yet" shape="question" tone="unknown">Until somebody with the right to do so decides, every agreement counts as undecided, and nothing that it gates is permitted.</EmptyState> : (
        <Table label="Decisions" columns={['Decision', 'Agreement', 'Scope', { title: 'By', width: '110px' }, 'On behalf of', 'Reason', 'When']}>
          {newest.map((decision) => (
            <tr key={decision.id}>
              <Cell column="Decision" lead><span><StateBadge look={LOOKS[decision.action]} /><br /><Identifier id={decision.id} what="decision" /><br /><ReceiptLink decision={decision} /></span></Cell>
              <Cell column="Agreement"><span>{decision.agreement}<br />{decision.textSha256 === null ? <span className="soft">every text</span> : <Identifier id={decision.textSha256} what="hash of the text" />}</span></Cell>
              <Cell column="Scope">{scopeWords(decision.scope)}</Cell>
              <Cell column="By"><span>{decision.decidedBy}<br /><span className="soft">{MEANS[decision.means]}</span>{decision.confirmedBy !== undefined && <><br /><span className="soft">confirmed by {decision.confirmedBy}</span></>}</span></Cell>
              <Cell column="On behalf of">{decision.onBehalfOf}</Cell>
              <Cell column="Reason"><span className="break">{decision.reason}</span></Cell>
              <Cell column="When"><span><Moment at={decision.decidedAt} />{decision.validUntil !== null && <><br /><span className="soft">valid until <Moment at={decision.validUntil} /></span></>}</span></Cell>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  );
}
