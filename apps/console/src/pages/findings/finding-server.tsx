import { Link } from '@tanstack/react-router';

/** The server of a finding; one that is about the whole fleet has none to go to. */
export function FindingServer({ server }: { readonly server: string }) {
  return server === 'fleet' ? <span className="soft">fleet</span> : <Link to="/servers/$name" params={{ name: server }}>{server}</Link>;
}
