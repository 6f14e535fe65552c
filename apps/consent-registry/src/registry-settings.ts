import { serviceSettings } from '@mailwarden/config';
import type { z } from 'zod';

/** What the process is told by its environment. */
export const registrySettings = serviceSettings;
export type RegistrySettings = z.output<typeof registrySettings>;
