import type { Profile, Store } from './profile.js';
import type { ProductTool } from './tool.js';
import { isOfTheSystem, isSharedFolder } from './system-folders.js';

const VARIABLE = /\$\{([a-zA-Z][a-zA-Z0-9]*)\}/g;

/**
 * Puts values in the place of a profile's variables: those read on the host, else the profile's defaults.
 * Safety: the product's own account can write the settings that values come from. A value that is not a plain absolute path, holds a wildcard, or would make a
 * folder of the system a store is not used; the default is.
 */
export function resolveVariables(profile: Profile, values: Readonly<Record<string, string>>): Profile {
  const valueFor = (store: Store, name: string): string => {
    const read = values[name];
    return read !== undefined && isPlainPath(read) && mayBeStore(read, store.rotatable) ? read.replace(/\/+$/, '') : (profile.variables[name]?.default ?? '');
  };
  const filled = (store: Store, globs: readonly string[]): string[] => globs.map((glob) => glob.replace(VARIABLE, (_text, name: string) => valueFor(store, name)));
  const filledTool = (store: Store): ProductTool | null => (store.tool?.by === 'item' ? { ...store.tool, names: { ...store.tool.names, files: filled(store, store.tool.names.files) } } : store.tool);
  return { ...profile, stores: profile.stores.map((store) => ({ ...store, files: filled(store, store.files), exclude: filled(store, store.exclude), active: filled(store, store.active), units: filled(store, store.units), tool: filledTool(store) })) };
}

/** Two components at least, so that a product's setting can never make a folder of the root a store. */
const isPlainPath = (path: string): boolean => /^(?:\/[^/*?[\]{}\0]+){2,}\/*$/.test(path) && !path.split('/').some((part) => part === '..' || part === '.');

const mayBeStore = (path: string, rotatable: boolean): boolean => !isSharedFolder(path) && !(rotatable && isOfTheSystem(path));
