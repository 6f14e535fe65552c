import { z } from 'zod';
import { ALPHABETS } from './tool-name.js';

/** Form of a store's `tool`: the product's own program that deletes, so that the product knows what it no longer has. There is no shell and no regular expression, and a place is filled by names of a closed alphabet alone. */

const argument = z.string().min(1).max(200);
const command = z.array(argument).min(1).max(30);
const part = z.string().regex(/^[a-z][a-z-]{0,30}$/, 'must be a word, as letter');

/** What the tool prints. It is compared with what was measured, and never believed instead. */
const reportForm = z.union([
  z.strictObject({ number: z.strictObject({ after: z.string().min(1).max(100), of: z.enum(['items', 'bytes']) }) }).describe('Numbers behind each place of the text `after`, summed, that count `items` or, with a unit as `3.8M`, `bytes`'),
  z.strictObject({ lines: z.strictObject({ ending: z.string().min(1).max(100) }) }).describe('One line for each item, which ends as said'),
]);

const shared = {
  timeout: z.string().default('1 minute').describe('A run that takes longer is ended'),
  exit: z.array(z.number().int().min(0).max(255)).min(1).max(10).default([0]).describe('Exit codes that mean success'),
  account: z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,31}$/, 'must be an account, as amavis').optional().describe("Account that it runs as; left out: the executor's own, which is root"),
  reports: reportForm.optional().describe('What it prints of its work: `number` (`after`, `of`) or `lines` (`ending`)'),
  source: z.string().min(1).max(60).describe('Key of the page in `sources` that tells of the tool'),
};

export const itemToolForm = z.strictObject({
  by: z.literal('item'),
  command: command.describe("The program by its absolute path, and its arguments; `{name}` stands for one of `parts`, and items that differ in it are given to runs of their own"),
  names: z
    .strictObject({
      files: z.array(z.string().min(1).max(400)).min(1).max(30).describe('Patterns of places in which `{name}` stands for one of `parts`; the first that fits counts'),
      parts: z.record(part, z.enum(Object.keys(ALPHABETS) as [keyof typeof ALPHABETS])).describe(`What each part is made of: ${Object.entries(ALPHABETS).map(([id, { meaning }]) => `\`${id}\` (${meaning})`).join(', ')}`),
    })
    .describe('How the place of a file says what the tool calls it'),
  give: z
    .union([
      z.strictObject({ lines: argument }).describe('On standard input, one line for each item'),
      z.strictObject({ arguments: z.array(argument).min(1).max(10), before: z.array(argument).max(3).default([]), between: z.array(argument).max(3).default([]), after: z.array(argument).max(3).default([]) }).describe('As arguments for each item, with what stands `before` all, `between` two and `after` all'),
    ])
    .describe('How the items of a run are told to it'),
  'at-once': z.number().int().min(1).max(1000).default(100).describe('Most items of one run'),
  then: command.optional().describe("A second program that is run after it, as one that takes what was deleted out of the product's caches, or gives back its space; its `{name}` are those of `command`"),
  else: z.enum(['keep', 'files']).default('keep').describe('What becomes of an item that the tool leaves: it stays (`keep`), or is deleted as a file, which is right only where the product does not mind (`files`)'),
  ...shared,
});

export const ruleToolForm = z.strictObject({
  by: z.literal('rule'),
  bytes: command.optional().describe('The program and its arguments for a limit of bytes; `{bytes}` stands for what may stay of the store, with the file that is being written'),
  age: command.optional().describe('The same for a limit of age; `{seconds}` stands for the age from which on items go'),
  ...shared,
});

export const toolForm = z.discriminatedUnion('by', [itemToolForm, ruleToolForm]);
export type ToolForm = z.output<typeof toolForm>;
