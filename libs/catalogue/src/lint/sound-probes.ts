import { parseDuration } from '@mailwarden/kernel';
import type { DocumentPath } from '@mailwarden/strict-yaml';
import type { ProfileForm } from '../profile-form.js';
import type { Mistake } from './mistake.js';
import { placeMistake } from './safe-paths.js';

const FILE_KEYS = ['file', 'file-hash', 'file-exists', 'pid-file'];

function mistakesOf(record: Readonly<Record<string, unknown>>, path: DocumentPath): Mistake[] {
  const mistakes: Mistake[] = [];
  const { command, timeout, query } = record;
  if (Array.isArray(command) && !String(command[0]).startsWith('/')) mistakes.push({ path: [...path, 'command', 0], message: 'a command is named by its absolute path', advice: 'begin with "/"' });
  if (typeof timeout === 'string' && !parseDuration(timeout).ok) mistakes.push({ path: [...path, 'timeout'], message: 'a command needs a time limit', advice: 'write a number with its unit, as "5 s"' });
  if (typeof query === 'string' && !/^\s*select\b[^;]*$/i.test(query)) mistakes.push({ path: [...path, 'query'], message: 'a query is one SELECT', advice: 'leave out ";" and everything that writes' });
  for (const key of FILE_KEYS) {
    const place = record[key];
    if (typeof place !== 'string') continue;
    const mistake = placeMistake(place);
    if (mistake !== null) mistakes.push({ path: [...path, key], ...mistake });
  }
  return mistakes;
}

/** Commands are absolute and end by themselves, SQL reads, files are named by plain absolute paths. */
export function soundProbes(form: ProfileForm): Mistake[] {
  const walk = (value: unknown, path: DocumentPath): Mistake[] => {
    if (value === null || typeof value !== 'object') return [];
    const below = Object.entries(value).flatMap(([key, child]) => walk(child, [...path, Array.isArray(value) ? Number(key) : key]));
    return path.at(-2) === 'from' || path.at(-3) === 'from' ? [...mistakesOf(value as Readonly<Record<string, unknown>>, path), ...below] : below;
  };
  return walk(form, []);
}
