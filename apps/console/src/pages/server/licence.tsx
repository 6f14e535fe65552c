import type { Statement } from '@mailwarden/contracts';
import { MeasuredValue } from '../../parts/measured-value.js';
import { Moment } from '../../parts/moment.js';
import { Facts, Section } from '../../parts/page.js';

/** The licence now, and what its states mean for the data. */
export function Licence({ licence }: { readonly licence: Statement['licence'] }) {
  const status = licence.state.known ? licence.state.value.status : null;
  const now = licence.states.find((state) => state.id === status);
  return (
    <Section title="Licence" testId="statement-licence">
      <MeasuredValue of={licence.state}>
        {(state) => <Facts rows={[['Now', <span key="now"><b style={{ fontWeight: 600 }}>{now?.title ?? state.status}</b>{now !== undefined && <>: {now.consequence}</>}</span>], ['Kind', state.kind], ['Expires', <Moment key="expires" at={state.expiresAt} none="no date stated" />]]} />}
      </MeasuredValue>
      <details style={{ marginTop: 10 }}>
        <summary className="soft" style={{ cursor: 'pointer' }}>What each state means for the data</summary>
        <div style={{ marginTop: 8 }}><Facts rows={licence.states.map((state) => [state.title, state.consequence] as const)} /></div>
      </details>
    </Section>
  );
}
