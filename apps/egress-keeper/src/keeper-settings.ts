import { readGuarded } from '@mailwarden/config';
import { serverName } from '@mailwarden/contracts';
import { z } from 'zod';
import { KEEPER_SETTINGS_VARIABLE } from './settings-variable.js';

const absolute = z.string().startsWith('/');

/** Settings of the packet filter's keeper on one server. Paths are absolute. */
export const keeperSettings = z.strictObject({
  server: serverName,
  /** Folder that stands for the host's `/`: accounts, name servers and hosts are read below it. */
  root: absolute,
  trust: absolute,
  profileDir: absolute.optional(),
  /** Where the newest bundle and consent entries are kept, so that the filter stands before the agent does. */
  stateDir: absolute,
  /** Socket that the agent speaks to, or `systemd` where it is handed over by its unit. */
  listen: z.union([z.literal('systemd'), absolute]),
  /** nft, where it lies elsewhere than distributions put it. */
  nft: absolute.optional(),
  /** How often the filter is looked at. What somebody else did to it is mended then. */
  lookEverySeconds: z.number().min(1).max(8).default(4),
  /** How often names of endpoints are resolved again. */
  resolveEverySeconds: z.number().min(1).max(3_600).default(60),
});
export type KeeperSettings = z.output<typeof keeperSettings>;

const SETTINGS_BYTES_MAX = 65_536;

/** Errors: throws with the file and what to do. */
export async function loadKeeperSettings(file: string | undefined): Promise<KeeperSettings> {
  if (file === undefined || file === '') throw new Error(`${KEEPER_SETTINGS_VARIABLE} names no settings file`);
  const text = await readGuarded(file, SETTINGS_BYTES_MAX);
  if (text === null) throw new Error(`${file} does not exist`);
  const parsed = keeperSettings.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(`${file} is not right:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
