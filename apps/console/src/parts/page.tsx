import { useEffect, type ReactNode } from 'react';
import classes from './page.module.css';

interface PageProps {
  readonly title: string;
  /** Title of the browser's tab, where it differs. */
  readonly tabTitle?: string;
  readonly above?: ReactNode;
  readonly below?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** Frame of every page: what it is, what can be done, then the content. */
export function Page({ title, tabTitle = title, above, below, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${tabTitle} · Mailwarden`;
  }, [tabTitle]);
  return (
    <div className={classes['page']}>
      <header className={classes['head']}>
        <div className={classes['what']}>
          {above !== undefined && <div className={classes['above']}>{above}</div>}
          <h1>{title}</h1>
          {below !== undefined && <div className={classes['below']}>{below}</div>}
        </div>
        {actions !== undefined && <div className={classes['actions']}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** A titled part of a page on its own surface. */
export function Section({ title, aside, children, testId, flush = false }: { readonly title?: ReactNode; readonly aside?: ReactNode; readonly children: ReactNode; readonly testId?: string; readonly flush?: boolean }) {
  return (
    <section className={classes['section']} data-testid={testId}>
      {title !== undefined && <div className={classes['sectionHead']}><h2>{title}</h2>{aside}</div>}
      <div className={flush ? undefined : classes['sectionBody']}>{children}</div>
    </section>
  );
}

/** Name and value pairs of an object page. */
export function Facts({ rows }: { readonly rows: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className={classes['facts']}>
      {rows.map(([name, value]) => (
        <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
      ))}
    </dl>
  );
}
