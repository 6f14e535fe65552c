import type { DocumentPath } from '@mailwarden/strict-yaml';
import type { ProfileForm, StoreForm } from '../profile-form.js';
import { isOfTheSystem, isSharedFolder } from '../system-folders.js';
import type { Mistake } from './mistake.js';

type Complaint = Omit<Mistake, 'path'>;

const OWN_FOLDER = "name the product's own folder";

/** The part of a glob before its first wildcard, without the last, unfinished component. */
const fixedFolder = (glob: string): string => glob.slice(0, glob.search(/[*?[]/) === -1 ? glob.length : glob.search(/[*?[]/)).replace(/\/[^/]*$/, '');

/** Files of one name and its generations, as `/var/log/mail.log*`, lie in a shared folder without taking it in. */
const NAMES_FILES = /^\/[^*?[]+\/[^/*?[]+\*?[^/*?[]*$/;

/** So many characters that stand for themselves. */
const NAMED = String.raw`[^/*?[\]]{4,}`;
/** Parts of shared folders that may be measured, and never deleted from: the mailboxes of the system, one folder by its name in every home, and by their names the temporary folders of a product. */
const MEASURED_SHARES = [/^\/var\/mail\/\*$/, new RegExp(String.raw`^/home/\*/${NAMED}`), new RegExp(String.raw`^/(?:var/)?tmp/[^/]*${NAMED}`)];

/** What is wrong with a place as it is written. */
export function placeMistake(path: string): Complaint | null {
  if (!path.startsWith('/')) return { message: `"${path}" is not an absolute path`, advice: 'begin with "/", counted from the host\'s root' };
  if (path.split('/').some((part) => part === '..' || part === '.')) return { message: `"${path}" climbs out with ".."`, advice: 'name the place itself' };
  if (path.includes('//')) return { message: `"${path}" is not a plain path`, advice: 'write single slashes' };
  return null;
}

/** A glob with the default of the variable that it begins with; other variables are a mistake of their own. */
function withDefault(glob: string, variables: ProfileForm['variables']): string {
  const name = /^\$\{([^}]*)\}/.exec(glob)?.[1];
  return name === undefined ? glob : `${variables[name]?.default.replace(/\/+$/, '') ?? '/unknown/variable'}${glob.slice(name.length + 3)}`;
}

/** Each further wildcard multiplies the ways in which a long name can be tried against a pattern. */
const WILDCARDS_IN_A_NAME_MAX = 3;
const ANY_DEPTH_MAX = 2;

function tooManyWildcards(glob: string): boolean {
  const parts = glob.split('/');
  return parts.filter((part) => part === '**').length > ANY_DEPTH_MAX || parts.some((part) => part !== '**' && (part.match(/\*/g) ?? []).length > WILDCARDS_IN_A_NAME_MAX);
}

/** A store whose own tool deletes, and nothing else, may lie where people's own folders are: none of its files is ever touched by hand. */
const filesAreDeleted = ({ rotatable, tool }: StoreForm): boolean => rotatable && (tool === undefined || (tool.by === 'item' && tool.else === 'files'));

function globMistake(glob: string, store: StoreForm, isFiles: boolean, form: ProfileForm): Complaint | null {
  if (/.\$\{/.test(glob) || /^\$\{[^}]*\}[^/]/.test(glob)) return { message: `"${glob}" has a variable in its middle`, advice: 'begin with "${name}/", or write the place out' };
  if (tooManyWildcards(glob)) return { message: `"${glob}" has more wildcards than a pattern needs`, advice: `use at most ${WILDCARDS_IN_A_NAME_MAX} "*" in a name and ${ANY_DEPTH_MAX} "**" in a place` };
  const place = withDefault(glob, form.variables);
  const mistake = placeMistake(place);
  if (mistake !== null || !isFiles) return mistake;
  const folder = fixedFolder(place);
  if (store.rotatable && isOfTheSystem(folder)) return { message: `"${glob}" lies in the system's own tree, and the store may be deleted from`, advice: `write rotatable: false, or ${OWN_FOLDER}` };
  if (isSharedFolder(folder) && (filesAreDeleted(store) || !(NAMES_FILES.test(place) || MEASURED_SHARES.some((share) => share.test(place))))) return { message: `"${glob}" takes in a folder of the system`, advice: OWN_FOLDER };
  return null;
}

/** Every place is absolute, stays where it is, and is no folder that belongs to the system or to people. */
export function safePaths(form: ProfileForm): Mistake[] {
  const mistakes: Mistake[] = [];
  const add = (path: DocumentPath, complaint: Complaint | null): void => {
    if (complaint !== null) mistakes.push({ path, ...complaint });
  };
  form.stores.forEach((store, index) => {
    for (const member of ['files', 'exclude', 'active'] as const) store[member].forEach((glob, place) => add(['stores', index, member, place], globMistake(glob, store, member === 'files', form)));
  });
  for (const [name, { default: place }] of Object.entries(form.variables)) {
    add(['variables', name, 'default'], placeMistake(place) ?? (isSharedFolder(place) ? { message: `"${place}" is a folder of the system`, advice: OWN_FOLDER } : null));
  }
  for (const [name, database] of Object.entries(form.databases)) {
    const [member, place] = database.engine === 'sqlite' ? ['file', database.file] : ['socket', database.socket];
    if (place !== undefined) add(['databases', name, member], placeMistake(place));
  }
  return mistakes;
}
