import type { Statement } from '@mailwarden/contracts';
import { countOf } from '../../format/quantity.js';
import { MeasuredValue } from '../../parts/measured-value.js';
import { Section } from '../../parts/page.js';
import { Cell, Table } from '../../parts/table.js';
import { StateBadge } from '../../state/state-badge.js';
import type { StateLook } from '../../state/state-words.js';
import { DISPLAY_LOOKS } from '../../state/state-words.js';

const KSN_WIDTH = { off: 0, private: 0, basic: 1, extended: 2 } as const;

function ksnLook({ desired, actual }: Statement['ksn']): StateLook {
  if (!actual.known) return DISPLAY_LOOKS.unknown;
  if (KSN_WIDTH[actual.value] > KSN_WIDTH[desired]) return { word: 'More than consent covers', shape: 'alarm', tone: 'bad' };
  return actual.value === desired ? DISPLAY_LOOKS['in-order'] : { word: 'Less than consent covers', shape: 'open-end', tone: 'neutral' };
}

type Flow = Statement['flows'][number];

/** What needs to be seen first of a flow: that nothing refuses what should be refused, that it leaves without consent, or that it is refused. */
function flowLook({ permitted, configured, observed, filter }: Flow): StateLook | null {
  if (filter?.enforced === false) return { word: 'Not refused', shape: 'alarm', tone: 'bad' };
  if (filter?.effect === 'refused') return { word: 'Refused', shape: 'stop', tone: 'good' };
  const leaves = (configured.known && configured.value) || (observed.known && observed.value.connections > 0);
  return permitted === false && leaves ? { word: 'On without consent', shape: 'alarm', tone: 'bad' } : null;
}

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');

/** What may leave this server, what could, and what was seen to leave. */
export function Transmission({ statement: { ksn, flows } }: { readonly statement: Statement }) {
  return (
    <Section title="Transmission" testId="statement-transmission" flush aside={<span style={{ display: 'flex', flexWrap: 'wrap', gap: '2px 12px' }}><StateBadge look={ksnLook(ksn)} quiet /><span>KSN covered by consent: <b>{ksn.desired}</b></span><span>on this server: <b><MeasuredValue of={ksn.actual}>{(state) => state}</MeasuredValue></b></span></span>}>
      <Table label="Flows" columns={['Flow', 'Recipient', 'Requires', 'Permitted', 'Configured', 'Possible', 'Observed']}>
        {flows.map((flow) => {
          const look = flowLook(flow);
          return (
            <tr key={flow.id} data-testid={`statement-flow-${flow.id}`}>
              <Cell column="Flow" lead><span><b style={{ fontWeight: 600 }}>{flow.title}</b><br />{look !== null && <StateBadge look={look} quiet />}{flow.filter !== undefined && <span className="soft" data-testid={`flow-filter-${flow.id}`}> {flow.filter.because}</span>}</span></Cell>
              <Cell column="Recipient">{flow.recipient ?? <span className="soft">Not stated</span>}</Cell>
              <Cell column="Requires">{flow.requires.length === 0 ? 'Nothing' : flow.requires.join(', ')}</Cell>
              <Cell column="Permitted">{flow.permitted === null ? <StateBadge look={DISPLAY_LOOKS.unknown} quiet /> : flow.permitted ? 'yes' : <b>no</b>}</Cell>
              <Cell column="Configured"><MeasuredValue of={flow.configured}>{yesNo}</MeasuredValue></Cell>
              <Cell column="Possible"><MeasuredValue of={flow.possible}>{yesNo}</MeasuredValue></Cell>
              <Cell column="Observed"><MeasuredValue of={flow.observed}>{({ connections, encrypted }) => connections === 0 ? 'nothing' : <>{countOf(connections, 'destination')}, {encrypted ? 'encrypted' : <b className="toned" data-tone="bad">not encrypted</b>}</>}</MeasuredValue></Cell>
            </tr>
          );
        })}
      </Table>
    </Section>
  );
}
