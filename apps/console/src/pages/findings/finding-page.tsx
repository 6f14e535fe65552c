import type { FindingView } from '@mailwarden/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { findingQuestion } from '../../api/questions.js';
import { sentenceCase } from '../../format/identifier.js';
import { Answer } from '../../parts/answer.js';
import { Identifier } from '../../parts/identifier.js';
import { Moment } from '../../parts/moment.js';
import { Facts, Page, Section } from '../../parts/page.js';
import { RawJson } from '../../parts/raw-json.js';
import { Story, StoryStep } from '../../parts/story.js';
import { FindingServer } from './finding-server.js';
import { FINDING_WORDS } from '../../state/finding-words.js';
import { SeverityBadge, StateBadge } from '../../state/state-badge.js';
import { FINDING_LOOKS, remediationLook, type StateLook } from '../../state/state-words.js';

const HISTORY_LOOKS: Readonly<Record<FindingView['history'][number]['what'], StateLook>> = {
  opened: FINDING_LOOKS.open,
  updated: { word: 'Updated', shape: 'open-end', tone: 'neutral' },
  resolved: FINDING_LOOKS.resolved,
  accepted: FINDING_LOOKS.accepted,
  reopened: { ...FINDING_LOOKS.open, word: 'Opened again' },
};

/** One finding: what, where, since when, why it matters, what is done about it, and its history. */
export function FindingPage() {
  const { id } = useParams({ from: '/framed/findings/$id' });
  const finding = useQuery(findingQuestion(id));
  return <Answer to={finding}>{(view) => <Shown finding={view} />}</Answer>;
}

function Shown({ finding }: { readonly finding: FindingView }) {
  const words = FINDING_WORDS[finding.code];
  return (
    <Page
      title={words.title}
      tabTitle={`${words.title} on ${finding.server}`}
      above={<><Link to="/findings">Findings</Link><Identifier id={finding.id} what="finding" /></>}
      below={<><StateBadge look={FINDING_LOOKS[finding.state]} /><SeverityBadge severity={finding.severity} /><span>since <Moment at={finding.openedAt} /></span></>}
      actions={<RawJson value={finding} title={`Finding ${finding.id}`} />}
    >
      <Section title="What">
        <p style={{ margin: '0 0 12px', fontSize: 15 }} className="break" data-testid="finding-message">{finding.message}</p>
        <Facts
          rows={[
            ['Server', <FindingServer key="server" server={finding.server} />],
            ['Store', finding.store === null ? (finding.server === 'fleet' ? 'None' : 'The whole server') : <Link key="store" to="/servers/$name" params={{ name: finding.server }} hash={`store-${finding.store}`}>{finding.store}</Link>],
            ['Profile', finding.profile ?? 'None'],
            ['Class', <Link key="code" to="/findings" search={{ code: finding.code, state: 'all' }}>{finding.code}</Link>],
            ['Last seen so', <Moment key="updated" at={finding.updatedAt} />],
            ['Resolved', <Moment key="resolved" at={finding.resolvedAt} none="not yet" />],
          ]}
        />
      </Section>
      <Section title="Why it matters">
        <p style={{ margin: 0 }}>{words.why}</p>
        <p className="soft break" style={{ margin: '6px 0 0' }}>Source: {finding.source}</p>
      </Section>
      <Section title="What to do">
        <p style={{ margin: 0 }} className="break">{finding.advice}</p>
      </Section>
      <Section title="Remediation" testId="finding-remediation">
        {finding.remediation === null ? <p className="soft" style={{ margin: 0 }}>Mailwarden does nothing about this by itself. {finding.state === 'open' ? 'The next scan after it was mended closes it.' : ''}</p> : (
          <p style={{ margin: 0 }}>
            <StateBadge look={remediationLook(finding.remediation.state)} /> by order <Link to="/rotations/$id" params={{ id: finding.remediation.order }}>{finding.remediation.order.slice(0, 8)}</Link>, <Moment at={finding.remediation.at} />. <Link to="/rotations/$id" params={{ id: finding.remediation.order }}>See plan, receipt and proof</Link>
          </p>
        )}
      </Section>
      <Section title="History">
        <Story>
          {[...finding.history].sort((a, b) => (a.at < b.at ? 1 : -1)).map((entry) => (
            <StoryStep key={`${entry.at} ${entry.what}`} look={HISTORY_LOOKS[entry.what]} title={sentenceCase(HISTORY_LOOKS[entry.what].word)} at={entry.at}><span className="break">{entry.message}</span></StoryStep>
          ))}
        </Story>
      </Section>
    </Page>
  );
}
