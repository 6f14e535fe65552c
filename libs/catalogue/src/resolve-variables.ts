import type { Profile } from './profile.js';

const VARIABLE = /\$\{([a-zA-Z][a-zA-Z0-9]*)\}/g;

/**
 * Puts values in the place of a profile's variables: those read on the host, else the profile's defaults.
 * Safety: a value that is not a plain absolute path, or holds a wildcard, is not used; the default is.
 */
export function resolveVariables(profile: Profile, values: Readonly<Record<string, string>>): Profile {
  const valueOf = (name: string): string => {
    const read = values[name];
    const fallback = profile.variables[name]?.default ?? '';
    return read !== undefined && isPlainPath(read) ? read.replace(/\/+$/, '') : fallback;
  };
  const filled = (globs: readonly string[]): string[] => globs.map((glob) => glob.replace(VARIABLE, (_text, name: string) => valueOf(name)));
  return { ...profile, stores: profile.stores.map((store) => ({ ...store, files: filled(store.files), exclude: filled(store.exclude), active: filled(store.active) })) };
}

/** Two components at least, so that a product's setting can never make a folder of the system a store. */
const isPlainPath = (path: string): boolean => /^(?:\/[^/*?[\]{}\0]+){2,}\/*$/.test(path) && !path.split('/').some((part) => part === '..' || part === '.');
