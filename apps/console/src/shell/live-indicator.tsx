import { relativeTime } from '../format/moment.js';
import { useConnection } from '../live/live-context.js';
import { useNow } from '../live/now.js';
import { StateIcon } from '../state/state-icon.js';
import type { StateLook } from '../state/state-words.js';
import classes from './app-frame.module.css';

function lookOf({ api, stream }: ReturnType<typeof useConnection>): StateLook {
  if (api === 'away') return { word: 'Away', shape: 'alarm', tone: 'bad' };
  if (stream === 'live') return { word: 'Live', shape: 'tick', tone: 'good' };
  return stream === 'away' ? { word: 'Not live', shape: 'stop', tone: 'warn' } : { word: 'Connecting', shape: 'clock', tone: 'waiting' };
}

/** Whether what is shown keeps itself up to date. */
export function LiveIndicator() {
  const connection = useConnection();
  const now = useNow();
  const { word, shape, tone } = lookOf(connection);
  const read = connection.answeredAt === null ? 'nothing read yet' : `last read ${relativeTime(new Date(connection.answeredAt).toISOString(), now)}`;
  return <span className={classes['live']} data-tone={tone} title={`${word}: ${read}`} data-testid="live-indicator"><StateIcon shape={shape} size={13} />{word}</span>;
}
