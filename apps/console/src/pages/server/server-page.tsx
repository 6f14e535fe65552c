import type { ServerView } from '@mailwarden/contracts';
import { Tabs } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { rotationsQuestion, serverQuestion } from '../../api/questions.js';
import { Answer } from '../../parts/answer.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Identifier } from '../../parts/identifier.js';
import { Moment } from '../../parts/moment.js';
import { Page, Section } from '../../parts/page.js';
import { SERVER_TABS, type ServerTab } from '../../router/url-filter.js';
import { StateBadge } from '../../state/state-badge.js';
import { AGENT_LOOKS, CONVERGENCE_LOOKS, DISPLAY_LOOKS } from '../../state/state-words.js';
import { worstFirst } from '../findings/finding-order.js';
import { FindingsTable } from '../findings/findings-table.js';
import { openFindings } from '../fleet/fleet-rows.js';
import { Labels } from '../fleet/labels.js';
import { RotationsTable } from '../rotations/rotations-table.js';
import { AgentTab } from './agent-tab.js';
import { Agreements } from './agreements.js';
import { Licence } from './licence.js';
import { StatementView } from './statement-view.js';
import { Transmission } from './transmission.js';

const WORDS: Readonly<Record<ServerTab, string>> = { statement: 'Statement', findings: 'Findings', rotations: 'Rotations', transmission: 'Transmission', agent: 'Agent' };

/** One server: who it is, and its statement, findings, rotations, transmission and agent. */
export function ServerPage() {
  const { name } = useParams({ from: '/framed/servers/$name' });
  const server = useQuery(serverQuestion(name));
  return <Answer to={server}>{(view) => <Shown key={name} view={view} />}</Answer>;
}

function Shown({ view }: { readonly view: ServerView }) {
  const { row } = view;
  const { tab = 'statement' } = useSearch({ from: '/framed/servers/$name' });
  const navigate = useNavigate();
  const rotationPages = useInfiniteQuery(rotationsQuestion({ server: row.server }));
  const rotations = rotationPages.data?.pages.flatMap((page) => page.items) ?? [];
  const counts: Partial<Record<ServerTab, number>> = { findings: openFindings(row), rotations: rotations.length };
  const version = view.statements[0]?.product.version;
  const choose = (next: string | null): void => void navigate({ to: '/servers/$name', params: { name: row.server }, search: next === 'statement' || next === null ? {} : { tab: next as ServerTab } });
  return (
    <Page
      title={row.server}
      above={<><Link to="/">Fleet</Link><Identifier id={row.server} what="server name" /><Labels labels={row.labels} /></>}
      below={
        <>
          <StateBadge look={DISPLAY_LOOKS[row.state]} />
          <span>{row.product}{version?.known === true ? (row.product.endsWith(version.value) ? '' : ` ${version.value}`) : <span title={version?.reason}>, version unknown</span>}</span>
          <span>Agent <StateBadge look={AGENT_LOOKS[row.agent]} quiet />, seen <Moment at={row.lastSeenAt} /></span>
          <span>Mode {row.mode ?? 'unknown'}</span>
          <span>Consent <StateBadge look={CONVERGENCE_LOOKS[row.consent]} quiet /></span>
        </>
      }
    >
      <Tabs value={tab} onChange={choose} keepMounted={false} styles={{ list: { overflowX: 'auto', flexWrap: 'nowrap', marginBottom: 16 }, tab: { fontSize: 13 } }}>
        <Tabs.List>
          {SERVER_TABS.map((one) => <Tabs.Tab key={one} value={one}>{WORDS[one]}{counts[one] !== undefined && <span className="soft"> {counts[one]}</span>}</Tabs.Tab>)}
        </Tabs.List>
        <Tabs.Panel value="statement">
          {view.statements.length === 0 ? <NotMeasured agent={row.agent} /> : view.statements.map((statement) => <StatementView key={statement.profile} statement={statement} agent={row.agent} rotations={rotations} findings={view.findings} />)}
        </Tabs.Panel>
        <Tabs.Panel value="findings">
          <Section flush>{view.findings.length === 0 ? <EmptyState title={row.lastObservedAt === null ? 'Nothing is known yet' : 'No findings'} shape={row.lastObservedAt === null ? 'question' : 'tick'} tone={row.lastObservedAt === null ? 'unknown' : 'good'}>{row.lastObservedAt === null ? 'This server has not been measured, so nothing can be said about it.' : 'Every expectation that could be measured holds here.'}</EmptyState> : <FindingsTable findings={worstFirst(view.findings)} ofServer />}</Section>
        </Tabs.Panel>
        <Tabs.Panel value="rotations">
          <Section flush><Answer to={rotationPages}>{() => rotations.length === 0 ? <EmptyState title="No order was ever given for this server">Orders come when a store is over the limit of a policy in enforce mode. <Link to="/policies">See the policies</Link>.</EmptyState> : <RotationsTable rotations={rotations} ofServer />}</Answer></Section>
        </Tabs.Panel>
        <Tabs.Panel value="transmission">
          {view.statements.length === 0 ? <NotMeasured agent={row.agent} /> : view.statements.map((statement) => <div key={statement.profile} style={{ display: 'grid', gap: 16 }}><Transmission statement={statement} /><Agreements statement={statement} /><Licence licence={statement.licence} /></div>)}
        </Tabs.Panel>
        <Tabs.Panel value="agent"><AgentTab view={view} /></Tabs.Panel>
      </Tabs>
    </Page>
  );
}

const NotMeasured = ({ agent }: { readonly agent: ServerView['row']['agent'] }) => (
  <Section>
    <EmptyState title="Not measured yet" shape="question" tone="unknown">
      {agent === 'live' ? 'The agent is live and its first scan is on its way. The statement shows here as soon as it arrives.' : 'No agent has reported from this server. Start it there, or look at its log; until then nothing is known, and nothing counts as in order.'}
    </EmptyState>
  </Section>
);
