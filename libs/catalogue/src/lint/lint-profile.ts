import type { ProfileForm } from '../profile-form.js';
import { knownCategories, knownProbeDatabases, knownReferences, knownSources, knownVariables, uniqueNames } from './known-names.js';
import type { Mistake } from './mistake.js';
import { safePaths } from './safe-paths.js';
import { soundProduct } from './sound-product.js';
import { soundProbes } from './sound-probes.js';
import { soundLimits, soundStores, soundTables } from './sound-stores.js';
import { soundTools } from './sound-tools.js';

const RULES: readonly ((form: ProfileForm) => Mistake[])[] = [uniqueNames, soundProduct, safePaths, soundStores, soundLimits, soundTables, soundTools, soundProbes, knownSources, knownVariables, knownCategories, knownProbeDatabases, knownReferences];

/** Every mistake that the form alone does not show. */
export const lintProfile = (form: ProfileForm): Mistake[] => RULES.flatMap((rule) => rule(form));
