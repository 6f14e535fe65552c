import type { HostSettings, Profile } from '@mailwarden/catalogue';
import { loadProfiles } from '@mailwarden/config';
import { productsOnHost } from '@mailwarden/inventory-fs';
import type { AgentSettings } from '../agent-settings.js';

/**
 * Profiles that a host is measured by: those that its settings name, or with `auto` those of the products that are found on it when the agent starts.
 * Errors: throws for a name that no profile has, and where nothing is found; an agent that measures nothing would look like a server in order.
 */
export async function chosenProfiles({ profiles: wanted, profileDir, root }: Pick<AgentSettings, 'profiles' | 'profileDir' | 'root'>, hostSettings: HostSettings): Promise<Profile[]> {
  const known = await loadProfiles(profileDir === undefined ? {} : { extraDir: profileDir });
  if (wanted !== 'auto') {
    return wanted.map((id) => {
      const profile = known.get(id);
      if (profile === undefined) throw new Error(`no profile is called ${id}; see: mailwarden profile list`);
      return profile;
    });
  }
  const found = await productsOnHost({ root, hostSettings, profiles: [...known.values()] });
  if (found.length === 0) throw new Error(`none of the products that Mailwarden knows is below ${root}; name profiles in place of "auto"`);
  return found;
}
