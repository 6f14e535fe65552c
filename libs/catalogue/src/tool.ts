import type { Alphabet } from './tool-name.js';

/** What a tool prints of its work. It is compared with what was measured. */
export type ToolReport = { readonly by: 'number'; readonly after: string; readonly of: 'items' | 'bytes' } | { readonly by: 'lines'; readonly ending: string };

interface AnyTool {
  readonly timeoutSeconds: number;
  readonly exitCodes: readonly number[];
  /** Account that it runs as; null for the executor's own. */
  readonly account: string | null;
  readonly report: ToolReport | null;
  /** Id of a page in the profile's `sources`. */
  readonly source: string;
}

/** The exact items are planned by us, and handed to the tool by the names that it knows them by. */
export interface ItemTool extends AnyTool {
  readonly by: 'item';
  /** Absolute path and arguments, with `{name}` for parts in which all items of a run are the same. */
  readonly command: readonly string[];
  readonly names: { readonly files: readonly string[]; readonly parts: Readonly<Record<string, Alphabet>> };
  readonly give: { readonly by: 'lines'; readonly line: string } | { readonly by: 'arguments'; readonly each: readonly string[]; readonly before: readonly string[]; readonly between: readonly string[]; readonly after: readonly string[] };
  readonly itemsAtOnce: number;
  /** Run after it, once for each group; null where nothing is left to do. */
  readonly then: readonly string[] | null;
  readonly otherwise: 'keep' | 'files';
}

/** The tool itself chooses what goes, by a number that our plan yields. */
export interface RuleTool extends AnyTool {
  readonly by: 'rule';
  readonly bytes: readonly string[] | null;
  readonly age: readonly string[] | null;
}

/** The product's own program that deletes from a store. Source: safety rule 11. */
export type ProductTool = ItemTool | RuleTool;
