import type { Profile, Protection } from '@mailwarden/catalogue';
import type { AccessRule } from '@mailwarden/contracts';

const ROOT = 'root';

/** Where the vendor does not say who may get in, a policy that names somebody says that nobody else may, but the product and root. */
function permittingIn({ accounts, groups, source }: Protection, own: Profile['accounts'], rules: readonly AccessRule[]): Protection {
  const [named, inGroups] = [rules.flatMap((rule) => rule.accounts), rules.flatMap((rule) => rule.groups)];
  const [vendors, vendorGroups] = accounts === null ? [[ROOT, own.service, ...own.others], own.groups] : [accounts, groups];
  return { accounts: [...new Set([...vendors, ...named])], groups: [...new Set([...vendorGroups, ...inGroups])], source };
}

/** A profile whose stores are open to those as well whom policies of kind `access` name for one server. */
export function withPermitted(profile: Profile, rules: readonly AccessRule[]): Profile {
  const own = rules.filter((rule) => rule.profile === profile.id);
  if (own.length === 0) return profile;
  const stores = profile.stores.map((store) => {
    const meant = own.filter((rule) => rule.store === store.id);
    return meant.length === 0 ? store : { ...store, protection: permittingIn(store.protection, profile.accounts, meant) };
  });
  return { ...profile, stores };
}
