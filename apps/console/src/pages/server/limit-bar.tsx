import { exactLimitValue, limitValue, limitWords } from '../../format/quantity.js';
import { percentWords, type LimitBarScale } from './limit-bar-scale.js';
import classes from './statement.module.css';

/** What is stored against the limit that counts; a solid mark is the limit, a dotted one where a rotation stops. */
export function LimitBar({ bar }: { readonly bar: LimitBarScale }) {
  const { limit, value, over, fillPercent, limitPercent, targetPercent, target, percentOfLimit } = bar;
  const said = `${limitValue(limit.kind, value)} is ${percentWords(percentOfLimit)} of the ${limit.origin} limit ${limitWords(limit)}${target === null ? '' : `; a rotation goes down to ${limitValue(limit.kind, target)}`}`;
  return (
    <div className={classes['bar']}>
      <div className={classes['track']} role="img" aria-label={said} title={`${exactLimitValue(limit.kind, value)} of ${exactLimitValue(limit.kind, limit.value)}`}>
        <span className={classes['fill']} style={{ width: `${over ? limitPercent : fillPercent}%` }} />
        {over && <span className={classes['beyond']} style={{ width: `${100 - limitPercent}%` }} />}
        <span className={classes['mark']} style={{ left: `${limitPercent}%` }} />
        {targetPercent !== null && <span className={classes['mark']} data-low style={{ left: `${targetPercent}%` }} />}
      </div>
      <div className={classes['barWords']}>
        <span><b data-over={over || undefined}>{percentWords(percentOfLimit)}</b> of {limitWords(limit)} {limit.origin} limit{limit.kind === 'age' ? ', by the oldest' : ''}</span>
        {target !== null && <span>rotates down to {limitValue(limit.kind, target)}</span>}
      </div>
    </div>
  );
}
