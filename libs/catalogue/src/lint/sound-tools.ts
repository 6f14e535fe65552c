import { parseDuration } from '@mailwarden/kernel';
import type { DocumentPath } from '@mailwarden/strict-yaml';
import type { ProfileForm, StoreForm } from '../profile-form.js';
import type { ToolForm } from '../tool-form.js';
import { partsIn } from '../tool-name.js';
import type { Mistake } from './mistake.js';
import { placeMistake } from './safe-paths.js';
import { isShell } from './unsafe-programs.js';

type ItemForm = Extract<ToolForm, { by: 'item' }>;

/** The most that can be tried of a path against patterns without end. */
const ANY_DEPTH_MAX = 1;

function programMistakes(command: readonly string[], path: DocumentPath): Mistake[] {
  const program = command[0] ?? '';
  const place = placeMistake(program);
  if (place !== null) return [{ path: [...path, 0], message: place.message, advice: 'name the program by its absolute path' }];
  if (program.includes('{')) return [{ path: [...path, 0], message: 'a program is named by its own path', advice: 'put parts into arguments alone' }];
  return isShell(program) ? [{ path: [...path, 0], message: `${program} is no tool of a product`, advice: "name the product's own program" }] : [];
}

const unknownParts = (texts: readonly string[], known: readonly string[], path: DocumentPath): Mistake[] =>
  texts.flatMap((text, place) => partsIn(text).filter((name) => !known.includes(name)).map((name) => ({ path: [...path, place], message: `the part "${name}" is not declared`, advice: `declared: ${known.join(', ') || 'none'}` })));

function patternMistakes(form: ItemForm, path: DocumentPath): Mistake[] {
  const needed = Object.keys(form.names.parts);
  return form.names.files.flatMap((pattern, place): Mistake[] => {
    const where = [...path, 'names', 'files', place];
    const components = pattern.split('/');
    const given = partsIn(pattern);
    if (!pattern.startsWith('/') && !pattern.startsWith('${')) return [{ path: where, message: `"${pattern}" is not an absolute place`, advice: 'begin with "/", or with a variable' }];
    if (components.filter((component) => component === '**').length > ANY_DEPTH_MAX) return [{ path: where, message: `"${pattern}" has more than one "**"`, advice: 'name the folders' }];
    if (components.some((component) => component !== '**' && (partsIn(component.replace(/^\$\{[^}]*\}/, '')).length > 1 || /\*./.test(component)))) return [{ path: where, message: `"${pattern}" has a component that can be read in two ways`, advice: 'use one part in a component, and "*" at its end alone' }];
    const missing = needed.filter((name) => !given.includes(name));
    return missing.length > 0 ? [{ path: where, message: `"${pattern}" does not say ${missing.join(', ')}`, advice: 'put every part into each pattern' }] : [];
  });
}

function itemMistakes(form: ItemForm, path: DocumentPath): Mistake[] {
  const parts = Object.keys(form.names.parts);
  const grouped = form.command.flatMap(partsIn);
  const each = 'lines' in form.give ? [form.give.lines] : form.give.arguments;
  const once = 'lines' in form.give ? [] : [...form.give.before, ...form.give.between, ...form.give.after];
  const mistakes = [...programMistakes(form.command, [...path, 'command']), ...(form.then === undefined ? [] : programMistakes(form.then, [...path, 'then'])), ...patternMistakes(form, path)];
  mistakes.push(...unknownParts(form.command, parts, [...path, 'command']), ...unknownParts(form.then ?? [], grouped, [...path, 'then']), ...unknownParts(each, parts, [...path, 'give']), ...unknownParts(once, [], [...path, 'give']));
  if (!each.some((text) => partsIn(text).length > 0)) mistakes.push({ path: [...path, 'give'], message: 'what is given does not say which item it is', advice: 'put a part into it, as {letter}' });
  return mistakes;
}

function ruleMistakes(form: Extract<ToolForm, { by: 'rule' }>, path: DocumentPath): Mistake[] {
  const mistakes: Mistake[] = form.bytes === undefined && form.age === undefined ? [{ path, message: 'a tool by rule has a command for bytes or for age', advice: 'add bytes: or age:' }] : [];
  for (const [member, name] of [['bytes', 'bytes'], ['age', 'seconds']] as const) {
    const command = form[member];
    if (command === undefined) continue;
    mistakes.push(...programMistakes(command, [...path, member]), ...unknownParts(command, [name], [...path, member]));
    if (!command.some((text) => partsIn(text).includes(name))) mistakes.push({ path: [...path, member], message: 'the command does not say how much', advice: `put {${name}} into an argument` });
  }
  return mistakes;
}

function toolMistakes(store: StoreForm, index: number): Mistake[] {
  if (store.tool === undefined) return [];
  const path = ['stores', index, 'tool'];
  const mistakes = store.tool.by === 'item' ? itemMistakes(store.tool, path) : ruleMistakes(store.tool, path);
  const timeout = parseDuration(store.tool.timeout);
  if (!timeout.ok) mistakes.push({ path: [...path, 'timeout'], message: timeout.error, advice: 'write a number with its unit' });
  if (store.kind !== 'files') mistakes.push({ path, message: `a store of kind ${store.kind} has no tool`, advice: 'write kind: files' });
  if (store.units.length > 0) mistakes.push({ path, message: 'a folder that is one item has no name that a tool knows', advice: 'leave out units: or tool:' });
  return mistakes;
}

/** A tool is a program of the product, and what it is given is made of declared parts alone. */
export const soundTools = (form: ProfileForm): Mistake[] => form.stores.flatMap(toolMistakes);
