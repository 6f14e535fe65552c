import { suggestionFor } from '@mailwarden/kernel';
import type { DocumentPath } from '@mailwarden/strict-yaml';
import { DATA_CATEGORIES, isDataCategory } from '../data-categories.js';
import type { ProfileForm } from '../profile-form.js';
import type { Mistake } from './mistake.js';

function unknownName(what: string, name: string, known: readonly string[], path: DocumentPath): Mistake {
  const meant = suggestionFor(name, known);
  return { path, message: `${what} "${name}" is not declared`, advice: meant === undefined ? `declared: ${known.join(', ') || 'none'}` : `did you mean "${meant}"?` };
}

/** Every `source:` names a page of `sources`. */
export function knownSources(form: ProfileForm): Mistake[] {
  const known = Object.keys(form.sources);
  const mistakes: Mistake[] = [];
  const walk = (value: unknown, path: (string | number)[]): void => {
    if (value === null || typeof value !== 'object') return;
    for (const [key, child] of Object.entries(value)) {
      const place = [...path, Array.isArray(value) ? Number(key) : key];
      if (key === 'source' && typeof child === 'string' && !known.includes(child)) mistakes.push(unknownName('the source', child, known, place));
      else if (place[0] !== 'sources') walk(child, place);
    }
  };
  walk(form, []);
  return mistakes;
}

/** Every `${name}` names a variable. */
export function knownVariables(form: ProfileForm): Mistake[] {
  const known = Object.keys(form.variables);
  const undeclared = (globs: readonly string[], path: DocumentPath): Mistake[] =>
    globs.flatMap((glob, place) => [...glob.matchAll(/\$\{([^}]*)\}/g)].filter((match) => !known.includes(match[1] ?? '')).map((match) => unknownName('the variable', match[1] ?? '', known, [...path, place])));
  return form.stores.flatMap((store, index) => [
    ...(['files', 'exclude', 'active'] as const).flatMap((member) => undeclared(store[member], ['stores', index, member])),
    ...(store.tool?.by === 'item' ? undeclared(store.tool.names.files, ['stores', index, 'tool', 'names', 'files']) : []),
  ]);
}

/** Data categories are those of the taxonomy, wherever they stand. */
export function knownCategories(form: ProfileForm): Mistake[] {
  const categories = Object.keys(DATA_CATEGORIES);
  return (['stores', 'flows'] as const).flatMap((list) =>
    form[list].flatMap((item, index) => (item['data-categories'] ?? []).flatMap((id, place) => (isDataCategory(id) ? [] : [unknownName('the data category', id, categories, [list, index, 'data-categories', place])]))),
  );
}

/** Databases of the probes are declared in the file. */
export function knownProbeDatabases(form: ProfileForm): Mistake[] {
  const databases = Object.keys(form.databases);
  const walk = (value: unknown, path: DocumentPath): Mistake[] => {
    if (value === null || typeof value !== 'object') return [];
    const { database, query } = value as { database?: unknown; query?: unknown };
    const own = typeof database === 'string' && typeof query === 'string' && !databases.includes(database) ? [unknownName('the database', database, databases, [...path, 'database'])] : [];
    return [...own, ...Object.entries(value).flatMap(([key, child]) => walk(child, [...path, Array.isArray(value) ? Number(key) : key]))];
  };
  return walk(form, []);
}

/** Databases of the stores, stores of the switches and agreements of the flows are declared in the file. */
export function knownReferences(form: ProfileForm): Mistake[] {
  const databases = Object.keys(form.databases);
  const agreements = form.agreements.map(({ id }) => id);
  return [
    ...form.stores.flatMap((store, index) =>
      (['rows', 'lists'] as const).flatMap((member) => {
        const name = store[member]?.database;
        return name === undefined || databases.includes(name) ? [] : [unknownName('the database', name, databases, ['stores', index, member, 'database'])];
      }),
    ),
    ...form.stores.flatMap((store, index) => {
      const setting = store['system-log']?.when?.setting;
      return setting === undefined || Object.hasOwn(form.switches, setting) ? [] : [unknownName('the switch', setting, Object.keys(form.switches), ['stores', index, 'system-log', 'when', 'setting'])];
    }),
    ...Object.entries(form.switches).flatMap(([name, { store }]) => {
      const stores = form.stores.map(({ id }) => id);
      return store === undefined || stores.includes(store) ? [] : [unknownName('the store', store, stores, ['switches', name, 'store'])];
    }),
    ...form.flows.flatMap((flow, index) => flow.requires.flatMap((id, place) => (agreements.includes(id) ? [] : [unknownName('the agreement', id, agreements, ['flows', index, 'requires', place])]))),
  ];
}

/** No two stores, agreements or flows share a name. */
export function uniqueNames(form: ProfileForm): Mistake[] {
  return (['stores', 'agreements', 'flows'] as const).flatMap((list) => {
    const seen = new Set<string>();
    return form[list].flatMap(({ id }, index) => {
      const twice = seen.has(id);
      seen.add(id);
      return twice ? [{ path: [list, index, 'id'], message: `"${id}" is declared twice`, advice: 'give one of them another name' }] : [];
    });
  });
}
