import type { ServerView } from '@mailwarden/contracts';
import { countOf } from '../../format/quantity.js';
import { Moment } from '../../parts/moment.js';
import { Facts, Section } from '../../parts/page.js';
import { StateBadge } from '../../state/state-badge.js';
import { AGENT_LOOKS } from '../../state/state-words.js';

/** The agent of one server as its last sign of life told it. */
export function AgentTab({ view: { row, agent } }: { readonly view: ServerView }) {
  const lost = agent.spoolLost ?? 0;
  return (
    <Section title="Agent" aside={<StateBadge look={AGENT_LOOKS[row.agent]} />}>
      <Facts
        rows={[
          ['Last seen', <Moment key="seen" at={row.lastSeenAt} />],
          ['Last scan', <Moment key="scan" at={row.lastObservedAt} none="not yet" />],
          ['Version', agent.version ?? 'unknown'],
          ['Mode', row.mode === null ? 'unknown' : row.mode === 'enforce' ? 'Enforce: it hands signed orders to the executor' : 'Observe: it measures and never deletes'],
          ['Policy bundle', agent.bundleVersion === null ? 'none yet' : `version ${agent.bundleVersion}`],
          ['Waiting to be sent', agent.spoolMessages === null ? 'unknown' : countOf(agent.spoolMessages, 'message')],
          ['Lost from the spool', agent.spoolLost === null ? 'unknown' : lost === 0 ? 'none' : <b key="lost" className="toned" data-tone="bad">{countOf(lost, 'message')}</b>],
          ['Profiles', row.profiles.join(', ') || 'none'],
        ]}
      />
    </Section>
  );
}
