import type { Hold } from '@mailwarden/contracts';

/** True when a hold means this store, among others or alone. */
export const concernsStore = (hold: Hold, profile: string, store: string): boolean => (hold.profile ?? profile) === profile && (hold.store === null || hold.store === store);
