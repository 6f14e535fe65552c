import type { ConsentView } from '@mailwarden/contracts';
import { Link } from '@tanstack/react-router';
import { Identifier } from '../../parts/identifier.js';
import { Moment } from '../../parts/moment.js';
import { Section } from '../../parts/page.js';
import { StateBadge } from '../../state/state-badge.js';
import { CONSENT_LOOKS, DISPLAY_LOOKS } from '../../state/state-words.js';
import classes from './consent.module.css';

/** Servers down, agreements across: which state counts where, and why. A cell begins a decision for that server. */
export function ConsentMatrix({ view: { agreements, effective, convergence }, begin }: { readonly view: ConsentView; readonly begin: ((agreement?: string, server?: string) => void) | null }) {
  const servers = [...new Set([...convergence.map((row) => row.server), ...effective.map((row) => row.server)])].sort();
  const byKey = new Map(effective.map((row) => [`${row.agreement} ${row.server}`, row]));
  return (
    <Section title="Agreements by server" testId="consent-matrix" flush>
      <div className={classes['matrix']}>
        <table>
          <thead>
            <tr>
              <th scope="col">Server</th>
              {agreements.map((agreement) => (
                <th key={agreement.id} scope="col"><span>{agreement.title}</span><Versions versions={agreement.versions} /></th>
              ))}
            </tr>
          </thead>
          <tbody>
            {servers.map((server) => (
              <tr key={server}>
                <th scope="row"><Link to="/servers/$name" params={{ name: server }}>{server}</Link></th>
                {agreements.map((agreement) => {
                  const cell = byKey.get(`${agreement.id} ${server}`);
                  const look = cell === undefined ? DISPLAY_LOOKS.unknown : CONSENT_LOOKS[cell.state];
                  return (
                    <td key={agreement.id}>
                      <button type="button" className={classes['cell']} disabled={begin === null} onClick={() => begin?.(agreement.id, server)} aria-label={`${agreement.title} on ${server}: ${look.word}. Record a decision`}>
                        <StateBadge look={look} title={cell?.because ?? 'nothing is known of this agreement on this server'} />
                      </button>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function Versions({ versions }: { readonly versions: ConsentView['agreements'][number]['versions'] }) {
  const newest = [...versions].sort((a, b) => (a.seenAt < b.seenAt ? 1 : -1))[0];
  if (newest === undefined) return <span className="soft" style={{ fontWeight: 400 }}>no text seen yet</span>;
  return <span style={{ fontWeight: 400 }}><Identifier id={newest.textSha256} what="hash of the newest text" /> <span className="soft">{newest.label}, seen <Moment at={newest.seenAt} />{versions.length > 1 && `, ${versions.length} texts`}</span></span>;
}
