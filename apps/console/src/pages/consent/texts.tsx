import type { ConsentView } from '@mailwarden/contracts';
import { Button } from '@mantine/core';
import { useState } from 'react';
import { EmptyState } from '../../parts/empty-state.js';
import { Identifier } from '../../parts/identifier.js';
import { Moment } from '../../parts/moment.js';
import { Section } from '../../parts/page.js';
import { Cell, Table } from '../../parts/table.js';
import { FetchDialog, type WantedText } from './fetch-dialog.js';
import { TextDialog } from './text-dialog.js';
import { TextReader, type ReadText } from './text-reader.js';
import { textsOf } from './text-words.js';

/** The texts of agreements: when each counts, where it is known from, and what changed between two of them. */
export function Texts({ view: { agreements, fetches }, mayAdd }: { readonly view: Pick<ConsentView, 'agreements' | 'fetches'>; readonly mayAdd: boolean }) {
  const [wanted, setWanted] = useState<WantedText | null>(null);
  const fetchOf = (agreement: string, sha256: string) => fetches.find((one) => one.agreement === agreement && one.textSha256 === sha256);
  const [adding, setAdding] = useState(false);
  const [reading, setReading] = useState<ReadText | null>(null);
  const rows = textsOf(agreements);
  return (
    <Section title="Texts" testId="consent-texts" flush aside={<Button variant="default" onClick={() => setAdding(true)} disabled={!mayAdd} data-testid="add-text">Give in a text</Button>}>
      {rows.length === 0 ? <EmptyState title="No text is known yet" shape="question" tone="unknown">Servers tell the hash of the text that they hold. Give the text in, so that people can read what they decide on.</EmptyState> : (
        <Table label="Texts of agreements" columns={['Agreement', 'Text', 'Language', 'In effect from', 'Known since', { title: 'Read', width: '200px' }]}>
          {rows.map(({ agreement, version, before }) => (
            <tr key={`${agreement.id} ${version.textSha256}`} data-testid={`text-${agreement.id}-${version.label}`}>
              <Cell column="Agreement" lead>{agreement.title}</Cell>
              <Cell column="Text"><span>{version.label}<br /><Identifier id={version.textSha256} what="hash of the text" /></span></Cell>
              <Cell column="Language">{version.language}</Cell>
              <Cell column="In effect from">{version.effectiveAt === null ? <span className="soft">not said</span> : <Moment at={version.effectiveAt} />}</Cell>
              <Cell column="Known since"><span><Moment at={version.seenAt} /><br /><span className="soft">{version.origin === 'imported' ? 'given in' : 'seen on a server'}</span></span></Cell>
              <Cell column="Read">
                {version.origin === 'seen' ? <Unread fetched={fetchOf(agreement.id, version.textSha256)} ask={mayAdd ? () => setWanted({ agreement, version }) : null} /> : (
                  <span style={{ display: 'flex', flexWrap: 'wrap', gap: 4 }}>
                    <Button variant="subtle" onClick={() => setReading({ agreement: agreement.id, title: agreement.title, after: version, before: null })}>Read</Button>
                    {before !== null && <Button variant="subtle" onClick={() => setReading({ agreement: agreement.id, title: agreement.title, after: version, before })}>What changed</Button>}
                  </span>
                )}
              </Cell>
            </tr>
          ))}
        </Table>
      )}
      {wanted !== null && <FetchDialog wanted={wanted} close={() => setWanted(null)} />}
      {adding && <TextDialog agreements={agreements} close={() => setAdding(false)} />}
      {reading !== null && <TextReader reading={reading} close={() => setReading(null)} />}
    </Section>
  );
}

/** A text of which the hash alone is known: whether a server was asked for its words, and what came of it. */
function Unread({ fetched, ask }: { readonly fetched: ConsentView['fetches'][number] | undefined; readonly ask: (() => void) | null }) {
  if (fetched !== undefined && fetched.failed === null) return <span className="soft">{fetched.server} is asked for its words</span>;
  return (
    <span>
      {fetched === undefined ? <span className="soft">its words are not known</span> : <span className="toned break" data-tone="warn">{fetched.server}: {fetched.failed}</span>}
      {ask !== null && <><br /><Button variant="subtle" onClick={ask}>Fetch its words</Button></>}
    </span>
  );
}
