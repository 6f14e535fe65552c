import { join } from 'node:path';
import { parseProfileId, parseServerName, type ProfileId, type ServerName } from '@mailwarden/kernel';
import { localServerName } from '../commands/scan.js';
import type { Layout } from './layout.js';

/** One server that the runtime enrols and runs an agent for. */
export interface WatchedServer {
  readonly name: ServerName;
  readonly labels: Readonly<Record<string, string>>;
  readonly profiles: readonly ProfileId[];
  /** Folder that stands for its `/`. */
  readonly root: string;
}

function branded<T>(parsed: { ok: true; value: T } | { ok: false; error: string }): T {
  if (!parsed.ok) throw new TypeError(parsed.error);
  return parsed.value;
}

const PROFILES = [branded(parseProfileId('kaspersky-klms-8'))];
const DEMO_LABELS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'mx-1': { role: 'mx', region: 'eu', canary: 'true' },
  'mx-2': { role: 'mx', region: 'eu' },
  'mx-3': { role: 'relay', region: 'eu' },
  'mx-4': { role: 'mx', region: 'us' },
};

/** The demo fleet's servers, or this host. */
export function watchedServers(layout: Pick<Layout, 'demo'>, demo: boolean): WatchedServer[] {
  if (!demo) return [{ name: localServerName(), labels: { role: 'local' }, profiles: PROFILES, root: '/' }];
  return Object.entries(DEMO_LABELS).map(([name, labels]) => ({ name: branded(parseServerName(name)), labels, profiles: PROFILES, root: join(layout.demo, name) }));
}
