import { parseByteCount, parseDuration } from '@mailwarden/kernel';
import type { ProfileForm, StoreForm } from '../profile-form.js';
import type { Mistake } from './mistake.js';

/** Each limit has exactly one quantity, with a unit that can be read. */
export function soundLimits(form: ProfileForm): Mistake[] {
  return form.stores.flatMap((store, index) =>
    store.limits.flatMap((limit, place): Mistake[] => {
      const path = ['stores', index, 'limits', place];
      const given = [limit.bytes, limit.records, limit.age].filter((value) => value !== undefined);
      if (given.length !== 1) return [{ path, message: 'a limit counts exactly one of bytes, records and age', advice: 'write one limit for each' }];
      const read = limit.bytes !== undefined ? parseByteCount(String(limit.bytes)) : limit.age !== undefined ? parseDuration(limit.age) : null;
      return read === null || read.ok ? [] : [{ path: [...path, limit.bytes === undefined ? 'age' : 'bytes'], message: read.error, advice: 'write a number with its unit' }];
    }),
  );
}

function storeMistakes(store: StoreForm, index: number): Mistake[] {
  const path = ['stores', index];
  const mistakes: Mistake[] = [];
  const needsFiles = ['files', ...(store['system-log'] === undefined ? ['log'] : []), 'records', 'pair', 'temporary', 'configuration', 'dump'].includes(store.kind);
  if (needsFiles && store.files.length === 0) mistakes.push({ path, message: `a store of kind ${store.kind} has files`, advice: 'add files: with one pattern or more' });
  if (store.lists !== undefined && store.kind !== 'table') mistakes.push({ path: [...path, 'lists'], message: `a store of kind ${store.kind} has no lists`, advice: 'write kind: table' });
  if (store['system-log'] !== undefined && store.kind !== 'log') mistakes.push({ path: [...path, 'system-log'], message: `a store of kind ${store.kind} is no log`, advice: 'write kind: log' });
  if (['table', 'pair'].includes(store.kind) && store.rows === undefined && store.lists === undefined) mistakes.push({ path, message: `a store of kind ${store.kind} has rows`, advice: 'add rows: with database, relation and columns' });
  if (store.kind === 'pair' && store.rows !== undefined && store.rows['file-column'] === undefined) mistakes.push({ path: [...path, 'rows'], message: 'the rows of a pair name their files', advice: 'add file-column:' });
  if (['configuration', 'memory'].includes(store.kind) && store.rotatable) mistakes.push({ path: [...path, 'rotatable'], message: `a store of kind ${store.kind} is never deleted from`, advice: 'write rotatable: false' });
  if (store.kind === 'log' && store.files.length > 0 && store.active.length === 0) mistakes.push({ path, message: 'a log has a file that is being written', advice: 'add active: so that it is never deleted' });
  const quiet = parseDuration(store['quiet-period']);
  if (!quiet.ok) mistakes.push({ path: [...path, 'quiet-period'], message: quiet.error, advice: 'write a number with its unit' });
  return mistakes;
}

/** Tables and lists lie in databases of their own kind. */
export function soundTables(form: ProfileForm): Mistake[] {
  const engineOf = (name: string | undefined): string | undefined => (name === undefined ? undefined : form.databases[name]?.engine);
  const mistakes = Object.entries(form.databases).flatMap(([name, database]): Mistake[] =>
    database.engine === 'redis' && (database.socket === undefined) === (database.port === undefined) ? [{ path: ['databases', name], message: 'a Redis server has either a socket or a port', advice: 'write one of socket: and port:' }] : [],
  );
  form.stores.forEach((store, index) => {
    const [rows, lists] = [engineOf(store.rows?.database), engineOf(store.lists?.database)];
    if (rows === 'redis') mistakes.push({ path: ['stores', index, 'rows', 'database'], message: 'Redis holds no rows', advice: 'write lists: instead' });
    if (lists !== undefined && lists !== 'redis') mistakes.push({ path: ['stores', index, 'lists', 'database'], message: `lists lie in Redis, not in ${lists}`, advice: 'write rows: instead' });
    if (store.rotatable && store.lists !== undefined && (store.lists.encoding === 'opaque' || store.lists['time-field'] === undefined)) mistakes.push({ path: ['stores', index, 'rotatable'], message: 'entries that do not say how old they are have no oldest one', advice: 'add time-field:, or write rotatable: false' });
  });
  return mistakes;
}

/** A store has what its kind needs, and nothing that would make it dangerous. */
export const soundStores = (form: ProfileForm): Mistake[] => form.stores.flatMap(storeMistakes);
