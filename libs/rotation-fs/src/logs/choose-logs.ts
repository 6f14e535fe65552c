import { closeSync, constants, fstatSync } from 'node:fs';
import { concernsStore, logsToSetAside } from '@mailwarden/rotation';
import type { RotateRequest } from '../rotate-request.js';
import type { Preview } from '../store-engine.js';
import { firstMoment } from './log-beginning.js';
import { openFile, withFolder, type FileIdentity, type FilePlace, type StoreFile } from './store-file.js';

/** When a log that is being written was begun: the moment of its first line, else when its inode was made; null where nothing tells. */
export async function startOf({ host }: Pick<RotateRequest, 'host'>, file: FilePlace & FileIdentity): Promise<number | null> {
  const told = await withFolder(host, file, (directory) => {
    const fd = openFile(directory, file.name, file, constants.O_RDONLY);
    if (fd === null) return null;
    try {
      return firstMoment(fd, file.name, fstatSync(fd));
    } finally {
      closeSync(fd);
    }
  });
  return told ?? (file.bornMs > 0 ? file.bornMs : null);
}

/** Which of the logs that are ours to set aside an order sets aside, and why none is where one would be wanted. */
export async function chooseLogs(request: RotateRequest, ours: readonly StoreFile[], preview: Preview): Promise<{ readonly chosen: readonly StoreFile[]; readonly note: string | null }> {
  if (preview.stopped !== null) return { chosen: [], note: null };
  const candidates = ours.filter(({ isLinked, isExcluded }) => !isLinked && !isExcluded);
  const logs = await Promise.all(candidates.map(async (file) => ({ bytes: file.bytes, startedMs: await startOf(request, file) })));
  const { watermarks, profile, store } = request;
  const wanted = logsToSetAside(logs, { watermarks, holds: request.holds.filter((hold) => concernsStore(hold, profile.id, store.id)), nowMs: request.now(), issuedAtMs: request.issuedAtMs, beforeBytes: preview.before.bytes, plannedBytes: preview.planned.bytes, staysOver: preview.staysOver });
  const chosen = wanted.flatMap((place) => candidates[place] ?? []);
  if (chosen.length > 0 && store.rotateActive === null) return { chosen: [], note: 'the log that is being written would have to be set aside, and the profile does not say how: it stays' };
  return { chosen, note: null };
}
