import { relativeTime, shortAge } from '../format/moment.js';
import { useNow } from '../live/now.js';

interface MomentProps {
  readonly at: string | null;
  /** What is said when there is no moment. */
  readonly none?: string;
  readonly short?: boolean;
}

/** A moment relative to now; the exact one in UTC on hover. */
export function Moment({ at, none = 'never', short = false }: MomentProps) {
  const now = useNow();
  if (at === null) return <span className="soft">{none}</span>;
  return <time dateTime={at} title={at}>{short ? shortAge(at, now) : relativeTime(at, now)}</time>;
}
