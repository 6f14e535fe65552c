import { readGuarded } from '@mailwarden/config';
import { serverName } from '@mailwarden/contracts';
import { z } from 'zod';
import { EXECUTOR_SETTINGS_VARIABLE } from './settings-variable.js';

const absolute = z.string().startsWith('/');

/** Settings of the executor on one server. Paths are absolute. */
export const executorSettings = z.strictObject({
  server: serverName,
  /** Folder that stands for the host's `/`. */
  root: absolute,
  trust: absolute,
  signingKey: absolute,
  profileDirs: z.array(absolute).max(1).default([]),
  journalDir: absolute,
  hashKeyFile: absolute,
  /** `none` where every database of the host's products is reached by a path. */
  network: z.enum(['none', 'host']).default('host'),
});
export type ExecutorSettings = z.output<typeof executorSettings>;

const SETTINGS_BYTES_MAX = 65_536;

/** Errors: throws with the file and what to do; an executor without settings does nothing. */
export async function loadExecutorSettings(file: string | undefined): Promise<ExecutorSettings> {
  if (file === undefined) throw new Error(`${EXECUTOR_SETTINGS_VARIABLE} names no settings file`);
  const text = await readGuarded(file, SETTINGS_BYTES_MAX);
  if (text === null) throw new Error(`${file} does not exist`);
  const parsed = executorSettings.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(`${file} is not right:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
