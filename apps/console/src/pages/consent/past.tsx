import type { ConsentAt } from '@mailwarden/contracts';
import { TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { consentAtQuestion } from '../../api/questions.js';
import { Answer } from '../../parts/answer.js';
import { Section } from '../../parts/page.js';
import { Cell, Table } from '../../parts/table.js';
import { StateBadge } from '../../state/state-badge.js';
import { CONSENT_LOOKS } from '../../state/state-words.js';
import classes from './consent.module.css';
import { endOfDay } from './text-words.js';

type Row = ConsentAt['rows'][number];
const SERVERS_NAMED_MAX = 6;

/** Rows that say the same share a line. */
function alike(rows: readonly Row[]): (Row & { readonly servers: string[] })[] {
  const groups = Map.groupBy(rows, ({ agreement, state, because }) => `${agreement} ${state} ${because}`);
  return [...groups.values()].flatMap((same) => (same[0] === undefined ? [] : [{ ...same[0], servers: same.map(({ server }) => server) }])).sort((a, b) => (a.agreement < b.agreement ? -1 : 1));
}

const named = (servers: readonly string[]): string => `${servers.slice(0, SERVERS_NAMED_MAX).join(', ')}${servers.length > SERVERS_NAMED_MAX ? ` and ${servers.length - SERVERS_NAMED_MAX} more` : ''}`;

/** What consent counted at the end of a day: as it was known then, or with what was recorded until another day. */
export function Past() {
  const [day, setDay] = useState('');
  const [known, setKnown] = useState('');
  const at = endOfDay(day);
  const past = useQuery({ ...consentAtQuestion(at ?? '', endOfDay(known)), enabled: at !== null });
  return (
    <Section title="On a day in the past" testId="consent-past">
      <div className={classes['days']}>
        <TextInput label="What counted at the end of" type="date" size="sm" value={day} onChange={(event) => setDay(event.currentTarget.value)} />
        <TextInput label="With what was recorded until" type="date" size="sm" description="Left empty: until that day itself" inputWrapperOrder={['label', 'input', 'description', 'error']} value={known} onChange={(event) => setKnown(event.currentTarget.value)} />
      </div>
      {at === null ? <p className="soft" style={{ margin: 0 }}>Choose a day. The answer comes from the decisions alone: which text lay on a server then is not recorded.</p> : (
        <Answer to={past}>
          {({ rows, rowsLeft }) => (
            <>
              <Table label="Consent on that day" columns={['Agreement', 'State', 'Because', 'Servers']} testId="consent-past-rows">
                {alike(rows).map((row) => (
                  <tr key={`${row.agreement} ${row.state} ${row.because}`}>
                    <Cell column="Agreement" lead>{row.agreement}</Cell>
                    <Cell column="State"><StateBadge look={CONSENT_LOOKS[row.state]} /></Cell>
                    <Cell column="Because">{row.because}</Cell>
                    <Cell column="Servers"><span className="break">{named(row.servers)}</span></Cell>
                  </tr>
                ))}
              </Table>
              {rowsLeft > 0 && <p className="soft">And {rowsLeft} more. The command line tells of one server: mailwarden consent at {day} --server NAME</p>}
            </>
          )}
        </Answer>
      )}
    </Section>
  );
}
