import type { Store } from '@mailwarden/catalogue';
import { filesEngine } from './files/files-engine.js';
import { linesEngine } from './lines/lines-engine.js';
import { logEngine } from './logs/log-engine.js';
import type { StoreEngine } from './store-engine.js';
import { tableEngine } from './tables/table-engine.js';
import { toolEngine } from './tools/tool-engine.js';

/** The engine for a store, by its kind and what its profile says of it. */
export const engineFor = (store: Store): StoreEngine => (store.tool != null ? toolEngine : store.kind === 'table' ? tableEngine : store.kind === 'log' ? logEngine : store.kind === 'records' && store.lineRecords ? linesEngine : filesEngine);
