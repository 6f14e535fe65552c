import { resolve } from 'node:path';
import { EXIT, type ExitCode } from '../failure.js';
import { layoutOf } from '../runtime/layout.js';
import { awaitEnd, isRunning } from '../runtime/process-identity.js';
import { endOrphans, readRunRecord, removeRunRecord } from '../runtime/run-record.js';
import type { CommandContext } from './context.js';
import { requireOwnDataFolder } from './own-data-folder.js';

const DOWN_MS_MAX = 30_000;

/** Ends the runtime of a data folder and everything it started. */
export async function down(context: CommandContext): Promise<ExitCode> {
  const layout = layoutOf(resolve(context.dataDir));
  requireOwnDataFolder(layout.data);
  const record = await readRunRecord(layout);
  if (record === null) {
    context.print(`Nothing runs in ${layout.data}.`);
    return EXIT.nothingFound;
  }
  if (isRunning(record.supervisor)) {
    process.kill(record.supervisor.pid, 'SIGTERM');
    if (!(await awaitEnd(record.supervisor, DOWN_MS_MAX))) process.kill(record.supervisor.pid, 'SIGKILL');
  }
  await endOrphans(record);
  removeRunRecord(layout);
  context.print('Stopped; everything is kept in the data folder.');
  return EXIT.nothingFound;
}
