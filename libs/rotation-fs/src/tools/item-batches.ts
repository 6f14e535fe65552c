import { filledWith, namePartsOf, partsIn, type ItemTool, type NameParts } from '@mailwarden/catalogue';
import type { BytePath } from '@mailwarden/inventory';

/** An item under the name that the tool knows it by. */
export interface NamedItem<T> {
  readonly item: T;
  readonly parts: NameParts;
}

/** Items that one run of the tool is given: they are the same in every part of its command. */
export interface ItemBatch<T> {
  readonly command: readonly string[];
  readonly then: readonly string[] | null;
  readonly items: readonly NamedItem<T>[];
}

/** So many of the oldest are brought into runs together; older ones are done before younger ones are begun. Units: items. */
const WINDOW_ITEMS = 1_000;
/** One argument list stays far below what the kernel takes. Units: characters. */
const ARGUMENT_CHARACTERS_MAX = 100_000;

const lengthOf = (tool: ItemTool, { parts }: NamedItem<unknown>): number => (tool.give.by === 'lines' ? 0 : [...tool.give.each, ...tool.give.between].reduce((sum, text) => sum + filledWith(text, parts).length + 1, 0));

function* cut<T>(tool: ItemTool, items: readonly NamedItem<T>[], itemsMax: number): Iterable<readonly NamedItem<T>[]> {
  let batch: NamedItem<T>[] = [];
  let characters = 0;
  for (const item of items) {
    const more = lengthOf(tool, item);
    if (batch.length >= itemsMax || (batch.length > 0 && characters + more > ARGUMENT_CHARACTERS_MAX)) {
      yield batch;
      [batch, characters] = [[], 0];
    }
    batch.push(item);
    characters += more;
  }
  if (batch.length > 0) yield batch;
}

/** Brings planned items, oldest first, into runs. */
export function* batchesOf<T>(tool: ItemTool, items: readonly NamedItem<T>[], itemsMax: number): Iterable<ItemBatch<T>> {
  const grouping = [...new Set(tool.command.flatMap(partsIn))];
  for (let at = 0; at < items.length; at += WINDOW_ITEMS) {
    const groups = Map.groupBy(items.slice(at, at + WINDOW_ITEMS), ({ parts }) => grouping.map((name) => parts[name] ?? '').join('\0'));
    for (const group of groups.values()) {
      const { parts } = group[0] ?? { parts: {} };
      for (const batch of cut(tool, group, itemsMax)) yield { command: tool.command.map((text) => filledWith(text, parts)), then: tool.then?.map((text) => filledWith(text, parts)) ?? null, items: batch };
    }
  }
}

/** What a run is given: its arguments after those of the command, and what it reads. */
export function givenTo<T>(tool: ItemTool, items: readonly NamedItem<T>[]): { readonly args: readonly string[]; readonly input: string } {
  const { give } = tool;
  if (give.by === 'lines') return { args: [], input: items.map(({ parts }) => `${filledWith(give.line, parts)}\n`).join('') };
  const each = items.flatMap(({ parts }, place) => [...(place === 0 ? [] : give.between), ...give.each.map((text) => filledWith(text, parts))]);
  return { args: [...give.before, ...each, ...give.after], input: '' };
}

/** Parts the items whose names the tool can be given from those whose names it cannot. */
export function named<T>(tool: ItemTool, items: readonly T[], pathOf: (item: T) => BytePath): { readonly named: readonly NamedItem<T>[]; readonly nameless: number } {
  const found = items.flatMap((item) => {
    const parts = namePartsOf(pathOf(item), tool.names);
    return parts === null ? [] : [{ item, parts }];
  });
  return { named: found, nameless: items.length - found.length };
}
