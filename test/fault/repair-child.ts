import { parseProfile } from '@mailwarden/catalogue';
import { readAccounts, withHost } from '@mailwarden/inventory-fs';
import { applyRepairs, findRepairs, namedAccess, repairTerms, storeRoots, undoRepairs, type RepairWatch } from '@mailwarden/rotation-fs';

/** Mends who gets into the one store of a profile, or takes that back, and ends as by a power cut when it comes to a step for the n-th time. */
const { root, profile: text, journalDir, id, undo, step, times } = JSON.parse(process.argv[2] ?? '') as { root: string; profile: string; journalDir: string; id: string; undo: boolean; step: string; times: number };
let left = times;
const watch: RepairWatch = (at) => {
  if (at === step && (left -= 1) === 0) process.kill(process.pid, 'SIGKILL');
};
const profile = parseProfile(text);
if (!profile.ok) throw new Error(JSON.stringify(profile.error));
const [store] = profile.value.stores;
if (store === undefined) throw new Error('there is no store');
await withHost(root, { databases: {} }, async (host) => {
  const place = { host, journalDir, watch };
  if (undo) return void undoRepairs(place, id, storeRoots([profile.value]));
  const accounts = readAccounts(host);
  const named = namedAccess(store, []);
  if (!accounts.ok || named === null) throw new Error('nobody is named');
  const { repairs } = await findRepairs(host, profile.value, store, repairTerms(profile.value, named, accounts.value));
  return void applyRepairs(place, id, [{ profile: profile.value.id, store: store.id, repairs }]);
});
