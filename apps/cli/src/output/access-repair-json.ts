import { z } from 'zod';

const count = z.number().int().min(0);
const rights = z.object({ uid: count, gid: count, mode: z.string(), acl: z.boolean() });

/** How one store stands after the command. */
export const REPAIR_STATES = ['in-order', 'waits', 'watched', 'nobody-named', 'stays-open', 'failed', 'done'] as const;

/** JSON of `mailwarden access repair`. */
export const accessRepairDocument = z.object({
  schema: z.literal('mailwarden/access-repair/v1'),
  mode: z.enum(['plan', 'apply', 'undo']),
  host: z.string(),
  root: z.string(),
  /** Name of the repair, by which it is undone; null where nothing was changed. */
  id: z.string().nullable(),
  remarks: z.array(z.string()),
  stores: z.array(
    z.object({
      profile: z.string(),
      id: z.string(),
      state: z.enum(REPAIR_STATES),
      /** What the state means here, and what to do; empty when there is nothing to say. */
      reason: z.string(),
      seen: count,
      /** Entries whose rights would be changed, by what of them; one entry may count in several. */
      planned: z.object({ entries: count, mode: count, owner: count, group: count, list: count }),
      changed: count.optional(),
      /** Entries that let somebody in, or were to be changed, and stay as they are. */
      left: z.array(z.object({ reason: z.string(), entries: count })),
    }),
  ),
  /** With `--list`. `name` is the path below the root in base64 of its bytes: names on disk are no text. */
  list: z.array(z.object({ profile: z.string(), store: z.string(), name: z.base64(), before: rights, after: rights })).optional(),
});
export type AccessRepairDocument = z.output<typeof accessRepairDocument>;
export type RepairedStore = AccessRepairDocument['stores'][number];
