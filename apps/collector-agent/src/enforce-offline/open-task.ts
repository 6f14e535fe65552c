import { profileId, slug, storeId, uuid, count } from '@mailwarden/contracts';
import { z } from 'zod';

const openTask = z.strictObject({ id: uuid, policy: slug, profile: profileId, store: storeId, deadlineSeconds: count });
/** A rule that was given to the executor and whose account is not yet in the outbox. */
export type OpenTask = z.output<typeof openTask>;

/** Null where there is none, or what is there is none of ours. */
export function parseOpenTask(bytes: Uint8Array | null): OpenTask | null {
  if (bytes === null) return null;
  try {
    return openTask.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}
