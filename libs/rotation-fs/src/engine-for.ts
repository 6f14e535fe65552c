import type { Store } from '@mailwarden/catalogue';
import { filesEngine } from './files/files-engine.js';
import type { StoreEngine } from './store-engine.js';
import { tableEngine } from './tables/table-engine.js';

/** The engine for a store, by its kind and what its profile says of it. */
export const engineFor = (store: Store): StoreEngine => (store.kind === 'table' && store.rows !== null ? tableEngine : filesEngine);
