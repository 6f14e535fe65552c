import { parseDuration } from '@mailwarden/kernel';
import type { DocumentPath } from '@mailwarden/strict-yaml';
import type { ProfileForm } from '../profile-form.js';
import type { Mistake } from './mistake.js';
import { placeMistake } from './safe-paths.js';
import { isShell, loadsOf } from './unsafe-programs.js';

const FILE_KEYS = ['file', 'file-hash', 'file-exists', 'pid-file'];

/** A probe runs with the rights of whoever measures, root or the agent: a program that loads what the product may write would give them to the product. */
function programMistakes(command: readonly unknown[], account: unknown, path: DocumentPath): Mistake[] {
  const program = String(command[0]);
  const place = [...path, 'command', 0];
  if (!program.startsWith('/')) return [{ path: place, message: 'a command is named by its absolute path', advice: 'begin with "/"' }];
  if (isShell(program)) return [{ path: place, message: `${program} runs whatever it is given`, advice: "name the product's own program, or read a file with file-key" }];
  const loads = loadsOf(program);
  return loads === null || account !== undefined ? [] : [{ path: place, message: `${program} ${loads}, and would run with our rights`, advice: 'read a file with file-key, or the package; where only the program tells, add account: with an account of the product' }];
}

function accountMistakes({ account }: Readonly<Record<string, unknown>>, own: readonly string[], path: DocumentPath): Mistake[] {
  if (typeof account !== 'string' || own.includes(account)) return [];
  return [{ path: [...path, 'account'], message: `"${account}" is no account of the product`, advice: `declared in accounts: ${own.join(', ') || 'none'}` }];
}

function mistakesOf(record: Readonly<Record<string, unknown>>, path: DocumentPath): Mistake[] {
  const mistakes: Mistake[] = [];
  const { command, timeout, query } = record;
  if (Array.isArray(command)) mistakes.push(...programMistakes(command, record['account'], path));
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

/** Commands are absolute, load nothing of the product's and end by themselves, SQL reads, files are named by plain absolute paths. */
export function soundProbes(form: ProfileForm): Mistake[] {
  const own = [form.accounts.service, ...form.accounts.others].filter((name) => name !== 'root');
  const walk = (value: unknown, path: DocumentPath): Mistake[] => {
    if (value === null || typeof value !== 'object') return [];
    const below = Object.entries(value).flatMap(([key, child]) => walk(child, [...path, Array.isArray(value) ? Number(key) : key]));
    return path.at(-2) === 'from' || path.at(-3) === 'from' ? [...mistakesOf(value as Readonly<Record<string, unknown>>, path), ...accountMistakes(value as Readonly<Record<string, unknown>>, own, path), ...below] : below;
  };
  return walk(form, []);
}
