import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseProfile, SHIPPED_PROFILES_URL, type Profile } from '@mailwarden/catalogue';
import type { ProfileId } from '@mailwarden/kernel';
import { readGuarded } from './guarded-file.js';

/** A little above what the reader takes, so that it can say how large the file is. Units: bytes. */
const PROFILE_BYTES_MAX = 300_000;
const isProfile = (name: string): boolean => /\.ya?ml$/.test(name);

/** Text of a profile file that a person names, cut just above the limit that its reader tells of. */
export async function readProfileFile(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await handle.stat();
    if (!found.isFile() && !found.isDirectory()) throw new Error(`${path} is not a regular file; name the file itself`); // Reading a folder says by itself that it is one.
    const bytes = Buffer.alloc(PROFILE_BYTES_MAX);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    return bytes.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function parsedFile(path: string, text: string): Promise<Profile> {
  const parsed = parseProfile(text);
  if (parsed.ok) return parsed.value;
  const first = parsed.error[0];
  throw new Error(`${path}:${first?.line ?? 1}: ${first?.message ?? 'not a profile'}; see: mailwarden profile lint ${path}`);
}

/** The shipped profiles and those of an operator's folder, which win. Errors: throws on the first file that cannot be used: half a catalogue would watch half the stores. */
export async function loadProfiles(options: { extraDir?: string }): Promise<Map<ProfileId, Profile>> {
  const profiles = new Map<ProfileId, Profile>();
  const shipped = fileURLToPath(SHIPPED_PROFILES_URL);
  for (const name of (await readdir(shipped)).filter(isProfile).sort()) {
    const profile = await parsedFile(join(shipped, name), await readProfileFile(join(shipped, name)));
    profiles.set(profile.id, profile);
  }
  if (options.extraDir === undefined) return profiles;
  for (const name of (await readdir(options.extraDir)).filter(isProfile).sort()) {
    const path = join(options.extraDir, name);
    const text = await readGuarded(path, PROFILE_BYTES_MAX);
    if (text === null) continue;
    const profile = await parsedFile(path, text);
    profiles.set(profile.id, profile);
  }
  return profiles;
}
