import type { Profile } from './profile.js';
import { isWithin } from './version-range.js';

/**
 * Of the profiles of one product, the one that was written for a version; the first that fits where several do.
 * Null where none was, or where the version says nothing: nobody may then guess which one counts.
 */
export function pickProfile<P extends Pick<Profile, 'product'>>(profiles: readonly P[], version: string): P | null {
  return profiles.find(({ product }) => isWithin(version, product.versions) === true) ?? null;
}
