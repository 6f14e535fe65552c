import type { ServerRow } from '@mailwarden/contracts';
import { Link } from '@tanstack/react-router';
import classes from './fleet-page.module.css';

/** Labels of a server; each leads to all servers that share it. */
export function Labels({ labels }: { readonly labels: ServerRow['labels'] }) {
  return <span className={classes['labels']}>{Object.entries(labels).map(([label, value]) => <Link key={label} to="/" search={{ find: `${label}=${value}` }} className={classes['label'] ?? ''}>{label}={value}</Link>)}</span>;
}
