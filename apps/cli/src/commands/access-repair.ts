import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { resolveVariables, type Profile, type Store } from '@mailwarden/catalogue';
import { loadHostSettings, loadProfiles } from '@mailwarden/config';
import type { AccessRule } from '@mailwarden/contracts';
import { openParents } from '@mailwarden/inventory';
import { readAccounts, resolveOnHost, withHost, type Host } from '@mailwarden/inventory-fs';
import { instantOf } from '@mailwarden/kernel';
import { bundleFor, parsePolicies, type Policy } from '@mailwarden/policy';
import { applyRepairs, cutShortRepairs, endRepair, findRepairs, namedAccess, repairTerms, storeRoots, undoRepairs, type FoundRepairs, type LeftReason, type Repaired, type StoreRoots } from '@mailwarden/rotation-fs';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import type { AccessRepairDocument, RepairedStore } from '../output/access-repair-json.js';
import { accessRepairText } from '../output/access-repair-text.js';
import { printJson, printLines, type CommandContext } from './context.js';
import { hostRoot } from './host-root.js';
import { readFileToActOn } from './named-file.js';
import { chosenProfiles, localServerName } from './scan.js';

export interface AccessRepairOptions {
  /** Id of one store, alone or as PROFILE/STORE; null for all. */
  readonly store: string | null;
  readonly plan: boolean;
  readonly apply: boolean;
  /** Name of the repair that is taken back. */
  readonly undo?: string;
  readonly profile: readonly string[];
  readonly policy?: string;
  readonly root: string;
  readonly list: boolean;
  /** Where it is kept what was changed; below the root when not given. */
  readonly journalDir?: string;
}

const JOURNAL_FOLDER = 'var/lib/mailwarden/repairs';
const REPAIR_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MODE_BITS = 0o7777;
const FILELESS: ReadonlySet<string> = new Set(['memory', 'table']);

/** One store with what was found in it; `found` is null where nobody says who may get in. */
interface Looked {
  readonly profile: Profile;
  readonly store: Store;
  readonly rules: readonly AccessRule[];
  readonly found: FoundRepairs | null;
}

async function accessPolicies(file: string | undefined): Promise<Policy[]> {
  if (file === undefined) return [];
  // What gives and takes rights is read as the executor reads what it trusts.
  const parsed = parsePolicies(await readFileToActOn(file, 'policy'));
  if (!parsed.ok) throw new CommandFailure(`${file} is not a valid policy`, 'mend these lines', parsed.error.map((problem) => `${file}:${problem.line}: ${problem.message}; ${problem.advice}`));
  const policies = parsed.value.filter(({ kind }) => kind === 'access');
  if (policies.length === 0) throw new CommandFailure(`${file} holds no policy of access`, 'write one with "kind: access", or leave --policy out');
  return policies.map((policy) => ({ ...policy, servers: { labels: {}, except: [] } }));
}

function rulesFor(profile: Profile, policies: readonly Policy[]): AccessRule[] {
  const moment = instantOf(0);
  return bundleFor({ server: localServerName(), labels: {}, profiles: [profile], policies, version: 0, issuedAt: moment, expiresAt: moment }).access ?? [];
}

const isWanted = (wanted: string | null, profile: Profile, store: Store): boolean => !FILELESS.has(store.kind) && (wanted === null || wanted === store.id || wanted === `${profile.id}/${store.id}`);

async function look(host: Host, options: AccessRepairOptions, policies: readonly Policy[]): Promise<Looked[]> {
  const accounts = readAccounts(host);
  if (!accounts.ok) throw new CommandFailure(`the accounts of this host are not known: ${accounts.error}`, 'name a root that holds etc/passwd with --root');
  const { profiles } = await chosenProfiles(options.profile, host.rootPath, host.settings);
  const looked: Looked[] = [];
  for (const shipped of profiles) {
    const profile = await resolveOnHost(host, shipped);
    const rules = rulesFor(profile, policies);
    for (const store of profile.stores.filter((candidate) => isWanted(options.store, profile, candidate))) {
      const own = rules.filter((rule) => rule.store === store.id);
      const named = namedAccess(store, own);
      looked.push({ profile, store, rules: own, found: named === null ? null : await findRepairs(host, profile, store, repairTerms(profile, named, accounts.value)) });
    }
  }
  if (looked.length === 0) throw new CommandFailure(`no store is called ${options.store ?? 'so'}, or it holds no files`, 'see: mailwarden profile list');
  return looked;
}

function plannedOf(found: FoundRepairs | null): RepairedStore['planned'] {
  const planned = { entries: 0, mode: 0, owner: 0, group: 0, list: 0 };
  for (const { entry, repair } of found?.repairs ?? []) {
    planned.entries += 1;
    if (entry.mode !== repair.rights.mode) planned.mode += 1;
    if (entry.uid !== repair.rights.uid) planned.owner += 1;
    if (entry.gid !== repair.rights.gid) planned.group += 1;
    if (entry.acl?.key !== repair.rights.acl?.key || entry.defaultAcl?.key !== repair.rights.defaultAcl?.key) planned.list += 1;
  }
  return planned;
}

const leftOf = (...sums: readonly ReadonlyMap<LeftReason, number>[]): RepairedStore['left'] => sums.flatMap((sum) => [...sum].map(([reason, entries]) => ({ reason, entries })));
/** A policy in another mode than `enforce` only watches; without one it is the person at the host who decides. */
const isWatched = ({ rules }: Looked): boolean => rules.some(({ mode }) => mode !== 'enforce');

function stateOf(one: Looked, repaired: Repaired | undefined): Pick<RepairedStore, 'state' | 'reason'> {
  const { found } = one;
  if (found === null) return { state: 'nobody-named', reason: 'the profile names no account; name those that may with a policy of kind access' };
  if (found.unreadable !== null) return { state: 'failed', reason: found.unreadable };
  if (repaired !== undefined && (repaired.left.size > 0 || repaired.changed < found.repairs.length)) return { state: 'failed', reason: 'some entries had changed or could not be changed; plan again' };
  if (repaired === undefined && found.repairs.length > 0) return isWatched(one) ? { state: 'watched', reason: `set "mode: enforce" for ${one.rules[0]?.policy ?? 'the policy'} to let it be mended` } : { state: 'waits', reason: '' };
  if ((found.left.get('would-shut-out') ?? 0) > 0) return { state: 'stays-open', reason: 'what lets them in is what the product itself gets in by; give the product a group of its own, or name them' };
  if ((found.left.get('anothers') ?? 0) > 0) return { state: 'stays-open', reason: 'what stays belongs to somebody and to nobody else, or was carried here with a folder of his: look whether it belongs into the store' };
  return { state: found.repairs.length > 0 ? 'done' : 'in-order', reason: '' };
}

function toldStore(one: Looked, repaired: Repaired | undefined): RepairedStore {
  const { profile, store, found } = one;
  return { profile: profile.id, id: store.id, ...stateOf(one, repaired), seen: found?.seen ?? 0, planned: plannedOf(found), ...(repaired === undefined ? {} : { changed: repaired.changed }), left: leftOf(found?.left ?? new Map(), repaired?.left ?? new Map()) };
}

/** Folders above a store are of the system or of other programs: they are told, and never touched. */
function remarksOn(looked: readonly Looked[]): string[] {
  return looked.flatMap(({ store, found }) => (found !== null && openParents(found.above).length > 0 ? [`A folder above ${store.id} lets everyone replace it. Folders above a store are not changed; mend it by hand.`] : []));
}

/** A repair whose process ended in the middle never told its name. What it had changed stands, and what it had not is found again. */
function remarksOnCutShort(journalDir: string, isApplied: boolean): string[] {
  return cutShortRepairs(journalDir).map(({ id, undoing }) => {
    if (isApplied && !undoing) endRepair(journalDir, id);
    const what = undoing ? `The repair ${id} was being taken back, and that was cut short.` : `The repair ${id} was cut short: what it had changed stands, and what it had not is ${isApplied ? 'in this one' : 'in this plan'}.`;
    return `${what} To take back what it changed${undoing ? '' : ', after those that were made later'}: mailwarden access repair --undo ${id}`;
  });
}

const shownRights = ({ uid, gid, mode, acl }: { uid: number; gid: number; mode: number; acl: unknown }): { uid: number; gid: number; mode: string; acl: boolean } => ({ uid, gid, mode: (mode & MODE_BITS).toString(8).padStart(4, '0'), acl: acl !== null });

const listOf = (looked: readonly Looked[]): NonNullable<AccessRepairDocument['list']> =>
  looked.flatMap(({ profile, store, found }) => (found?.repairs ?? []).map(({ root, path, entry, repair }) => ({ profile: profile.id, store: store.id, name: Buffer.from(path === '' ? root : `${root}/${path}`, 'latin1').toString('base64'), before: shownRights(entry), after: shownRights(repair.rights) })));

async function mend(host: Host, options: AccessRepairOptions, journalDir: string): Promise<AccessRepairDocument> {
  const looked = await look(host, options, await accessPolicies(options.policy));
  const cutShort = remarksOnCutShort(journalDir, options.apply && options.store === null);
  const due = options.apply ? looked.filter((one) => (one.found?.repairs.length ?? 0) > 0 && !isWatched(one)) : [];
  const id = due.length === 0 ? null : randomUUID();
  const repaired = id === null ? null : applyRepairs({ host, journalDir }, id, due.map(({ profile, store, found }) => ({ profile: profile.id, store: store.id, repairs: found?.repairs ?? [] })));
  return { schema: 'mailwarden/access-repair/v1', mode: options.apply ? 'apply' : 'plan', host: localServerName(), root: host.rootPath, id, remarks: [...cutShort, ...remarksOn(looked)], stores: looked.map((one) => toldStore(one, repaired?.get(`${one.profile.id}/${one.store.id}`))), ...(options.list ? { list: listOf(looked) } : {}) };
}

/** Stores that an undo may change: of the profiles that are named, or of all that are known, for the product may be gone from this host; where they lie now, and where they lie by themselves. */
async function knownStores(host: Host, named: readonly string[]): Promise<StoreRoots[]> {
  const profiles = named.length > 0 ? (await chosenProfiles(named, host.rootPath, host.settings)).profiles : [...(await loadProfiles({})).values()];
  const here = await Promise.all(profiles.map((profile) => resolveOnHost(host, profile)));
  return storeRoots([...here, ...profiles.map((profile) => resolveVariables(profile, {}))]);
}

async function takeBack(host: Host, { profile: named }: AccessRepairOptions, id: string, journalDir: string): Promise<AccessRepairDocument> {
  if (!REPAIR_ID.test(id)) throw new CommandFailure(`${id} is not the name of a repair`, 'take it from the output of --apply');
  const known = await knownStores(host, named);
  let undone: Map<string, Repaired>;
  try {
    undone = undoRepairs({ host, journalDir }, id, known);
  } catch (cause) {
    throw new CommandFailure(`the repair ${id} cannot be taken back: ${(cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'none of this name was made here' : cause instanceof Error ? cause.message : 'it cannot be read'}`, `see what is kept in ${journalDir}`, [], { cause });
  }
  const stores = [...undone].map(([key, { changed, left }]): RepairedStore => {
    const [profile = '', store = ''] = key.split('/');
    return { profile, id: store, state: left.size > 0 ? 'failed' : 'done', reason: left.size > 0 ? 'entries that somebody changed since stay as they are' : '', seen: changed, planned: plannedOf(null), changed, left: leftOf(left) };
  });
  return { schema: 'mailwarden/access-repair/v1', mode: 'undo', host: localServerName(), root: host.rootPath, id, remarks: [], stores };
}

function exitOf(stores: readonly RepairedStore[]): ExitCode {
  if (stores.some(({ state }) => state === 'failed')) return EXIT.failed;
  return stores.some(({ state }) => state === 'waits' || state === 'watched' || state === 'stays-open') ? EXIT.found : EXIT.nothingFound;
}

/** Plans, makes or takes back the least changes that keep out whom neither profile nor policy names. Exit: 0 nobody else gets in or all done, 1 a plan waits or somebody still gets in, 2 failed. */
export async function accessRepair(options: AccessRepairOptions, context: CommandContext): Promise<ExitCode> {
  if ([options.plan, options.apply, options.undo !== undefined].filter(Boolean).length > 1) throw new CommandFailure('--plan, --apply and --undo are one or the other', 'name one of them');
  const root = hostRoot(options.root);
  const journalDir = resolve(options.journalDir ?? join(root, JOURNAL_FOLDER));
  const { undo } = options;
  const document = await withHost(root, await loadHostSettings(root), async (host) => (undo === undefined ? mend(host, options, journalDir) : takeBack(host, options, undo, journalDir)));
  if (context.format === 'json') printJson(context, document);
  else printLines(context, accessRepairText(document, context.style));
  return exitOf(document.stores);
}
