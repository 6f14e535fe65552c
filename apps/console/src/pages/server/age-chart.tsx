import type { Spread } from '@mailwarden/contracts';
import { ageColumns } from './age-spread.js';
import classes from './age-chart.module.css';

/** How old what a store holds is: one column for each class of age, youngest first. */
export function AgeChart({ ages }: { readonly ages: Spread }) {
  const columns = ageColumns(ages);
  if (columns.length === 0) return null;
  return (
    <figure className={classes['chart']} aria-label="Ages of what is stored">
      <figcaption className="soft">Ages</figcaption>
      <ol className={classes['columns']}>
        {columns.map(({ name, words, heightPercent }) => (
          <li key={name} title={words}>
            <span className={classes['room']}><span className={classes['column']} style={{ height: `${heightPercent}%` }} /></span>
            <span className={classes['name']} aria-hidden="true">{name}</span>
            <span className="sr-only">{words}</span>
          </li>
        ))}
      </ol>
    </figure>
  );
}
