import { engineFor } from './engine-for.js';
import type { RotateRequest } from './rotate-request.js';
import type { Preview } from './store-engine.js';

/** Looks and decides; touches nothing. Errors: throws when the store cannot be read or the product's database is away. */
export const previewStore = (request: RotateRequest): Promise<Preview> => engineFor(request.store).preview(request);
