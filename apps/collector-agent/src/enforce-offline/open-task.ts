import { profileId, slug, storeId, uuid, count } from '@mailwarden/contracts';
import { z } from 'zod';

const openTask = z.strictObject({ id: uuid, policy: slug, profile: profileId, store: storeId, deadlineSeconds: count });
/** A rule that was given to the executor and whose account is not yet in the outbox. */
export type OpenTask = z.output<typeof openTask>;

/** What an earlier version kept was one task, or null. */
const kept = z.union([z.array(openTask), openTask.transform((task) => [task]), z.null().transform(() => [])]);

/** None where nothing was kept, or what is there is none of ours. */
export function parseOpenTasks(bytes: Uint8Array | null): OpenTask[] {
  if (bytes === null) return [];
  try {
    return kept.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8'))).data ?? [];
  } catch {
    return [];
  }
}
