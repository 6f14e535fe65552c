import type { Profile } from '@mailwarden/catalogue';
import { loadHostSettings } from '@mailwarden/config';
import { measureHost } from '@mailwarden/inventory-fs';
import { suggestionFor } from '@mailwarden/kernel';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import { accessJson, type AccessDocument } from '../output/access-json.js';
import { accessText } from '../output/access-text.js';
import { printJson, printLines, type CommandContext } from './context.js';
import { hostRoot } from './host-root.js';
import { someNames } from './named-things.js';
import { chosenProfiles, localServerName } from './scan.js';

export interface AccessOptions {
  readonly profile: readonly string[];
  readonly root: string;
  /** Id of one store, alone or as PROFILE/STORE; null for all. */
  readonly store: string | null;
}

interface Asked {
  readonly profile: Profile;
  readonly store: string | null;
}

/** Profiles that have the store. Errors: CommandFailure when none has, since a mistyped name must not read as "nobody". */
function askedOf(profiles: readonly Profile[], wanted: string | null): Asked[] {
  if (wanted === null) return profiles.map((profile) => ({ profile, store: null }));
  const slash = wanted.indexOf('/');
  const id = wanted.slice(slash + 1);
  const asked = profiles.filter((profile) => (slash === -1 || profile.id === wanted.slice(0, slash)) && profile.stores.some((store) => store.id === id));
  if (asked.length > 0) return asked.map((profile) => ({ profile, store: id }));
  const known = profiles.flatMap(({ stores }) => stores.map((store) => store.id as string));
  const suggestion = suggestionFor(id, known);
  throw new CommandFailure(`no store is called ${wanted}`, suggestion === undefined ? `there are: ${someNames(known)}` : `did you mean ${suggestion}?`);
}

const hasBreach = ({ stores }: AccessDocument): boolean => stores.some(({ access }) => access.breaches.some(({ read, write }) => read || write));
/** Memory is there on any host: it says nothing about the product. */
const sawNothing = ({ stores }: AccessDocument): boolean => stores.every((store) => !store.present || (store.kind === 'memory' && stores.length > 1));

/** Prints for each store which accounts get in, by what, and whether the profile names them. Names stay on this host and are printed plainly. Exit: 0 as declared, 1 somebody else gets in, 2 could not measure. */
export async function access(options: AccessOptions, context: CommandContext): Promise<ExitCode> {
  const root = hostRoot(options.root);
  const hostSettings = await loadHostSettings(root);
  const { profiles } = await chosenProfiles(options.profile, root, hostSettings);
  const documents: AccessDocument[] = [];
  for (const { profile, store } of askedOf(profiles, options.store)) {
    const observation = await measureHost({ root, profile, hostSettings, server: localServerName(), hashKey: null, bundleVersion: null, afterOrder: null, now: Date.now });
    const document = accessJson({ observation, profile, root, store });
    documents.push(document);
    if (context.format === 'text') printLines(context, accessText(document, context.style));
  }
  if (context.format === 'json') printJson(context, documents.length === 1 ? documents[0] : documents);
  if (documents.every(sawNothing)) return EXIT.failed;
  return documents.some(hasBreach) ? EXIT.found : EXIT.nothingFound;
}
