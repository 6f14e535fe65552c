import { hostname } from 'node:os';
import { assess, buildStatement } from '@mailwarden/assessment';
import { parseProfile, type Profile } from '@mailwarden/catalogue';
import { loadHostSettings, loadProfiles } from '@mailwarden/config';
import { measureHost } from '@mailwarden/inventory-fs';
import { instantOf, parseServerName, type ProfileId, type ServerName } from '@mailwarden/kernel';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import { scanJson } from '../output/scan-json.js';
import { statementText } from '../output/statement-text.js';
import { hostRoot } from './host-root.js';
import { readFileToActOn } from './named-file.js';
import { printJson, printLines, type CommandContext } from './context.js';

export interface ScanOptions {
  readonly profile: readonly string[];
  readonly root: string;
}

const DEFAULT_PROFILE = 'kaspersky-klms-8';

/** Name of this host as a server name: what does not fit is replaced, so that a scan works anywhere. */
export function localServerName(): ServerName {
  const plain = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63);
  const parsed = parseServerName(plain);
  return parsed.ok ? parsed.value : ('this-host' as ServerName);
}

/** A shipped profile by id, or a file by path. */
export async function chosenProfile(idOrFile: string): Promise<Profile> {
  if (idOrFile.includes('/') || /\.ya?ml$/.test(idOrFile)) {
    const parsed = parseProfile(await readFileToActOn(idOrFile, 'profile'));
    if (parsed.ok) return parsed.value;
    throw new CommandFailure(`${idOrFile} is not a valid profile`, `see: mailwarden profile lint ${idOrFile}`, parsed.error.map((problem) => `${idOrFile}:${problem.line}: ${problem.message}`));
  }
  const profile = (await loadProfiles({})).get(idOrFile as ProfileId);
  if (profile === undefined) throw new CommandFailure(`no profile is called ${idOrFile}`, 'see: mailwarden profile list; a file of your own is named as ./my-profile.yaml');
  return profile;
}

/** Measures one host, judges it, and prints its data-provision statement. Exit: 0 nothing to report, 1 findings, 2 could not measure. */
export async function scan(options: ScanOptions, context: CommandContext): Promise<ExitCode> {
  const root = hostRoot(options.root);
  const hostSettings = await loadHostSettings(root);
  const profiles = await Promise.all((options.profile.length > 0 ? options.profile : [DEFAULT_PROFILE]).map(chosenProfile));
  const results = [];
  for (const profile of profiles) {
    const observation = await measureHost({ root, profile, hostSettings, server: localServerName(), hashKey: null, bundleVersion: null, afterOrder: null, now: Date.now });
    const now = Date.now();
    const at = instantOf(now);
    const findings = assess({ observation, profile, bundle: null, effective: [], now: at });
    const statement = buildStatement({ observation, profile, bundle: null, effective: [], findings, now: at });
    results.push({ observation, findings, statement });
    if (context.format === 'text') printLines(context, statementText(statement, findings, now, context.style));
  }
  if (context.format === 'json') {
    const documents = results.map(({ observation, findings, statement }) => scanJson({ statement, findings, root, startedAt: observation.startedAt, durationMs: observation.durationMs }));
    printJson(context, documents.length === 1 ? documents[0] : documents);
  }
  // Memory is there on any host: it says nothing about the product.
  if (results.every(({ observation }) => observation.stores.every((store) => !store.present || store.kind === 'memory'))) return EXIT.failed;
  return results.some(({ findings }) => findings.length > 0) ? EXIT.found : EXIT.nothingFound;
}
