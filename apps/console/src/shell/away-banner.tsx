import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { relativeTime } from '../format/moment.js';
import { useConnection } from '../live/live-context.js';
import { useNow } from '../live/now.js';
import classes from './app-frame.module.css';

/** A stream that comes back at once is not worth a banner. Units: milliseconds. */
const PATIENCE_MS = 3_000;

/** Says that the service, or its live updates, are away, from when the numbers are, and when the next try is. */
export function AwayBanner() {
  const { api, stream, answeredAt, nextTryAt, tryNow } = useConnection();
  const away = api === 'away';
  const late = useLasting(stream === 'away', PATIENCE_MS);
  const tick = useSecond(away);
  const now = useNow();
  if (!away && !late) return null;
  const from = answeredAt === null ? '' : ` What is shown is from ${relativeTime(new Date(answeredAt).toISOString(), Math.max(now, tick))} and may be old.`;
  const seconds = nextTryAt === null ? null : Math.max(0, Math.ceil((nextTryAt - tick) / 1000));
  return (
    <div className={classes['banner']} data-tone={away ? 'bad' : 'warn'} role="status" data-testid="away-banner">
      <b>{away ? 'The service does not answer' : 'Live updates are away'}</b>
      <span>{from} {away ? (seconds === null ? 'Trying now.' : `Next try in ${seconds} s.`) : 'Pages still load; they do not refresh by themselves until the stream is back.'}</span>
      <Button variant="default" onClick={tryNow}>{away ? 'Try now' : 'Refresh now'}</Button>
    </div>
  );
}

/** True once something has been so for a while. */
function useLasting(so: boolean, afterMs: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!so) return setLasting(false);
    const timer = window.setTimeout(() => setLasting(true), afterMs);
    return () => window.clearTimeout(timer);
  }, [so, afterMs]);
  return lasting;
}

/** The present to the second, while it is needed. */
function useSecond(needed: boolean): number {
  const [at, setAt] = useState(() => Date.now());
  useEffect(() => {
    if (!needed) return undefined;
    setAt(Date.now());
    const timer = window.setInterval(() => setAt(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, [needed]);
  return at;
}
