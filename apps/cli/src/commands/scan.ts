import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { assess, buildStatement } from '@mailwarden/assessment';
import { parseProfile, type HostSettings, type Profile } from '@mailwarden/catalogue';
import { loadHostSettings, loadProfiles } from '@mailwarden/config';
import type { Observation } from '@mailwarden/contracts';
import { foundBy, FULL_SPEED, measureHost, productsOnHost } from '@mailwarden/inventory-fs';
import { instantOf, parseServerName, type ProfileId, type ServerName } from '@mailwarden/kernel';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import { scanJson } from '../output/scan-json.js';
import { statementText } from '../output/statement-text.js';
import { printable, wrapped, type Style } from '../output/terminal.js';
import { hostRoot } from './host-root.js';
import { lookOutside } from './look-outside.js';
import { readFileToActOn } from './named-file.js';
import { printJson, printLines, type CommandContext } from './context.js';

export interface ScanOptions {
  readonly profile: readonly string[];
  readonly root: string;
  /** Most of one core that the scan may take; as fast as it goes where it is not said. Units: percent. */
  readonly budget?: number | undefined;
  /** Folder of the memory of earlier scans; absent for none. */
  readonly memory?: string | undefined;
  /** Leaves out the look through the rest of the host. */
  readonly storesOnly?: boolean | undefined;
}

/** Whoever looks by hand wants to know what is there now: memory is trusted for a day. Units: hours. */
const FULL_EVERY_HOURS = 24;

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

interface Chosen {
  readonly profiles: readonly Profile[];
  /** Names of products that were looked for and are not here; null where nobody looked. */
  readonly absent: readonly string[] | null;
}

/** The profiles that were named, else those of the products that are on the host. Errors: CommandFailure when none of the known ones is. */
export async function chosenProfiles(named: readonly string[], root: string, hostSettings: HostSettings): Promise<Chosen> {
  if (named.length > 0) return { profiles: await Promise.all(named.map(chosenProfile)), absent: null };
  const known = [...(await loadProfiles({})).values()];
  const profiles = await productsOnHost({ root, hostSettings, profiles: known });
  const absent = known.filter((profile) => !profiles.includes(profile)).map(({ product }) => product.name);
  if (profiles.length > 0) return { profiles, absent };
  throw new CommandFailure('none of the products that Mailwarden knows is on this host', 'name a profile with --profile, or a folder that holds the etc and var of a host with --root', [`looked for: ${absent.join(', ')}`]);
}

/** Which statements follow, before the first of them. */
function overview({ profiles, absent }: Chosen, { width }: Style): string[] {
  const names = profiles.map(({ product }) => product.name);
  const lines = [`Found on this host: ${names.join(', ')}`, ...((absent ?? []).length === 0 ? [] : [`Looked for and not found: ${(absent ?? []).join(', ')}`])].map(printable);
  return [...(width === null ? lines : lines.flatMap((line) => wrapped(line, width))), ''];
}

/** Measures one host, judges it, and prints a data-provision statement for each product. Exit: 0 nothing to report, 1 findings, 2 could not measure. */
export async function scan(options: ScanOptions, context: CommandContext): Promise<ExitCode> {
  const root = hostRoot(options.root);
  const hostSettings = await loadHostSettings(root);
  const chosen = await chosenProfiles(options.profile, root, hostSettings);
  if (context.format === 'text') printLines(context, chosen.absent === null ? [] : overview(chosen, context.style));
  const pace = options.budget === undefined ? FULL_SPEED : { cpuPercent: options.budget, deadlineMs: null, yieldsToPressure: true };
  const memory = options.memory === undefined ? null : { folder: resolve(options.memory), fullEveryHours: FULL_EVERY_HOURS };
  const look = options.storesOnly === true ? null : await lookOutside(root, hostSettings, chosen.profiles, pace);
  const results = [];
  for (const profile of chosen.profiles) {
    const measured = await measureHost({ root, profile, hostSettings, server: localServerName(), hashKey: null, bundleVersion: null, afterOrder: null, now: Date.now, pace, memory });
    const observation: Observation = look === null ? measured : { ...measured, undeclared: foundBy(look, profile.id) };
    const now = Date.now();
    const at = instantOf(now);
    const findings = assess({ observation, profile, bundle: null, effective: [], now: at });
    const statement = buildStatement({ observation, profile, bundle: null, effective: [], findings, now: at });
    if (context.format === 'text') printLines(context, [...(results.length === 0 ? [] : ['', '']), ...statementText(statement, findings, now, context.style)]);
    results.push({ observation, findings, statement });
  }
  if (context.format === 'json') {
    const documents = results.map(({ observation, findings, statement }) => scanJson({ statement, findings, root, startedAt: observation.startedAt, durationMs: observation.durationMs }));
    // Who names one profile gets its document; everybody else a list, however many products there are.
    printJson(context, options.profile.length === 1 ? documents[0] : documents);
  }
  // Memory is there on any host: it says nothing about the product.
  if (results.every(({ observation }) => observation.stores.every((store) => !store.present || store.kind === 'memory'))) return EXIT.failed;
  return results.some(({ findings }) => findings.length > 0) ? EXIT.found : EXIT.nothingFound;
}
