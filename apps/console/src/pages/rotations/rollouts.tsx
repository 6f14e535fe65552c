import type { RolloutProgress } from '@mailwarden/contracts';
import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { NEEDS_OPERATING } from '../../api/operating.js';
import { countOf } from '../../format/quantity.js';
import { Moment } from '../../parts/moment.js';
import { StateBadge } from '../../state/state-badge.js';
import { ROLLOUT_LOOKS } from '../../state/state-words.js';
import type { Begun } from './waiting-decision.js';
import { rolloutWords, waveWords } from './waiting-words.js';
import classes from './rollouts.module.css';

/** How far policies have come through their waves, and what stopped them. */
export function Rollouts({ rollouts, begin }: { readonly rollouts: readonly RolloutProgress[]; readonly begin: ((begun: Begun) => void) | null }) {
  return <ul className={classes['list']}>{rollouts.map((rollout) => <Rollout key={rollout.policy} rollout={rollout} begin={begin} />)}</ul>;
}

/** How much of a wave is through. Units: percent. */
const shareDone = ({ servers, done }: RolloutProgress['waves'][number], state: RolloutProgress['state']): number => (state === 'complete' ? 100 : servers === 0 ? 0 : Math.min(100, (done / servers) * 100));

function Rollout({ rollout, begin }: { readonly rollout: RolloutProgress; readonly begin: ((begun: Begun) => void) | null }) {
  const action = rollout.state === 'stopped' ? 'resume' : 'stop';
  const words = rolloutWords(action, rollout);
  return (
    <li data-testid={`rollout-${rollout.policy}`}>
      <div className={classes['head']}>
        <span><Link to="/policies/$name" params={{ name: rollout.policy }}><b>{rollout.policy}</b></Link> <StateBadge look={ROLLOUT_LOOKS[rollout.state]} /></span>
        <Button variant="default" disabled={begin === null} title={begin === null ? NEEDS_OPERATING : undefined} onClick={() => begin?.({ act: { about: 'rollout', id: rollout.policy, action }, words })}>{words.title}</Button>
      </div>
      <div className="soft">{waveWords(rollout)}, since <Moment at={rollout.since} />{rollout.nextAt !== null && <>; the next may begin <Moment at={rollout.nextAt} /></>}</div>
      {rollout.reason !== '' && <div className="toned break" data-tone={rollout.state === 'stopped' ? 'bad' : 'neutral'}>{rollout.reason}</div>}
      <ol className={classes['waves']}>
        {rollout.waves.map((wave, index) => (
          <li key={`${index} ${wave.words}`} aria-current={index === rollout.wave && rollout.state !== 'complete' ? 'step' : undefined} data-state={wave.failed > 0 ? 'failed' : index < rollout.wave || rollout.state === 'complete' ? 'through' : index === rollout.wave ? 'now' : 'later'}>
            <span>{wave.words}</span>
            <b>{rollout.state === 'complete' ? countOf(wave.servers, 'server') : `${wave.done} of ${countOf(wave.servers, 'server')}`}</b>
            {wave.failed > 0 && <span className="toned" data-tone="bad">{wave.failed} failed</span>}
            <i style={{ width: `${shareDone(wave, rollout.state)}%` }} />
          </li>
        ))}
      </ol>
    </li>
  );
}
