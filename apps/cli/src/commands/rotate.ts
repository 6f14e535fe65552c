import { randomBytes, randomUUID } from 'node:crypto';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Profile, Store } from '@mailwarden/catalogue';
import { loadHostSettings, LOCAL_JOURNALS } from '@mailwarden/config';
import { fullRule, SIGNING_CONTEXTS, type BundleRule, type Hold, type Receipt } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { resolveOnHost, withHost, type Host } from '@mailwarden/inventory-fs';
import { formatExactDuration, instantOf, signDocument, type Signer } from '@mailwarden/kernel';
import { bundleFor, parsePolicies, type Policy } from '@mailwarden/policy';
import { concernsStore, windowOpenAt } from '@mailwarden/rotation';
import { previewStore, refusalOf, refuseOrder, rotateStore, StoreAway, unfinishedOrders, type ApplyRequest, type OrderFacts, type Preview } from '@mailwarden/rotation-fs';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import type { RotateDocument, RotateStore } from '../output/rotate-json.js';
import { windowWords } from '../output/window-words.js';
import { rotateText } from '../output/rotate-text.js';
import { hostRoot } from './host-root.js';
import { aloneOnStore, knownHolds, managedHost, type ManagedHost } from './managed-host.js';
import { readFileToActOn, readNamedFile } from './named-file.js';
import { printJson, printLines, type CommandContext } from './context.js';
import { chosenProfile, localServerName } from './scan.js';

export interface RotateOptions {
  readonly policy: string;
  readonly profile: readonly string[];
  readonly root: string;
  readonly apply: boolean;
  readonly list: boolean;
  /** Where the journals of local rotations are kept; below the root when not given. */
  readonly journalDir?: string;
  /** Key that receipts are signed with; they are plain without one. */
  readonly signingKey?: string;
  /** Deletes also where the holds that this host's executor knows cannot be told. */
  readonly withoutKnownHolds?: boolean;
}

const DEFAULT_PROFILE = 'kaspersky-klms-8';
const HASH_KEY_BYTES = 32;
const FOLDER_MODE = 0o700;

/** One policy on one store of this host. */
interface Task {
  readonly rule: BundleRule;
  readonly store: Store;
  readonly request: ApplyRequest;
}

async function readPolicies(file: string, apply: boolean): Promise<Policy[]> {
  // What deletes is read as the executor reads what it trusts: only its owner may have written it.
  const text = await (apply ? readFileToActOn : readNamedFile)(file, 'policy');
  const parsed = parsePolicies(text);
  if (parsed.ok) return parsed.value;
  throw new CommandFailure(`${file} is not a valid policy`, 'mend these lines', parsed.error.map((problem) => `${file}:${problem.line}: ${problem.message}; ${problem.advice}`));
}

const hasLabels = (policy: Policy): boolean => Object.keys(policy.servers.labels).length > 0 || policy.servers.except.length > 0;

/** Without a server nobody knows this host's labels: each policy of the file is taken as meant for it. */
const forThisHost = (policy: Policy): Policy => ({ ...policy, servers: { labels: {}, except: [] } });

/** Profiles that are asked for, else those that the policies name. */
async function profilesFor(options: RotateOptions, policies: readonly Policy[]): Promise<Profile[]> {
  const named = new Set(policies.flatMap((policy) => (policy.kind === 'retention' ? policy.stores.flatMap((store) => store.profile ?? []) : [])));
  const wanted = options.profile.length > 0 ? options.profile : named.size > 0 ? [...named] : [DEFAULT_PROFILE];
  return Promise.all(wanted.map(chosenProfile));
}

async function tasksFor(host: Host, profiles: readonly Profile[], policies: readonly Policy[], { journalDir, otherJournals, known }: { readonly journalDir: string; readonly otherJournals: readonly string[]; readonly known: readonly Hold[] }): Promise<Task[]> {
  const nowMs = Date.now();
  const hashKey = randomBytes(HASH_KEY_BYTES);
  const tasks: Task[] = [];
  for (const shipped of profiles) {
    const profile = await resolveOnHost(host, shipped);
    const moment = instantOf(nowMs);
    const { rules, holds } = bundleFor({ server: localServerName(), labels: {}, profiles: [profile], policies: policies.map(forThisHost), version: 0, issuedAt: moment, expiresAt: moment });
    for (const rule of rules) {
      const store = profile.stores.find((candidate) => candidate.id === rule.store);
      const { exclude, overwrite, orphans, pace } = fullRule(rule);
      if (store !== undefined) tasks.push({ rule, store, request: { host, profile, store, watermarks: rule.watermarks, clock: rule.clock, keep: rule.keep, bounds: rule.bounds, holds: [...holds, ...known.filter((hold) => concernsStore(hold, rule.profile, rule.store))], exclude, overwrite, orphans, pace, marked: null, stop: null, issuedAtMs: nowMs, hashKey, now: Date.now, journalDir, otherJournals } });
    }
  }
  return tasks;
}

const moment = (ms: number | null): string | null => (ms === null || Number.isNaN(ms) ? null : new Date(Math.round(ms)).toISOString());
const plannedOf = ({ items, bytes, oldestMs, newestMs, digest }: Preview['planned']): RotateStore['planned'] => ({ items, bytes, oldestAt: moment(oldestMs), newestAt: moment(newestMs), digest });
const skippedOf = (skipped: Preview['skipped']): RotateStore['skipped'] => [...skipped].map(([reason, items]) => ({ reason, items }));
const namesOf = ({ rule }: Task): Pick<RotateStore, 'id' | 'profile' | 'policy' | 'policyMode' | 'watermarks'> => ({ id: rule.store, profile: rule.profile, policy: rule.policy, policyMode: rule.mode, watermarks: rule.watermarks });

function failedStore(task: Task, reason: string): RotateStore {
  return { ...namesOf(task), state: 'failed', reason, before: { items: 0, bytes: 0 }, planned: plannedOf({ items: 0, bytes: 0, oldestMs: null, newestMs: null, digest: '' }), skipped: [] };
}

/** What only a server can see to, or what must be waited for; null where the policy may delete at once. */
function waitsFor({ rule }: Task, file: string, nowMs: number): Pick<RotateStore, 'state' | 'reason'> | null {
  const { mode, graceSeconds, window } = fullRule(rule);
  if (mode === 'ask') return { state: 'watched', reason: "the policy's mode is ask: it waits for the approval of people, which needs a server" };
  if (mode !== 'enforce') return { state: 'watched', reason: `the policy's mode is ${mode}; set "mode: enforce" for ${rule.policy} in ${file} to let it delete` };
  if (graceSeconds > 0) return { state: 'watched', reason: `the policy marks what is to go ${formatExactDuration(graceSeconds)} before it goes, which needs a server` };
  return window === null || windowOpenAt(window, nowMs) ? null : { state: 'window-closed', reason: `the policy deletes only ${windowWords(window)}` };
}

function stateOf(task: Task, preview: Preview, file: string): Pick<RotateStore, 'state' | 'reason'> {
  const { store } = task;
  const setsAside = (preview.setsAside ?? 0) > 0;
  const overNothing = preview.goal.kinds.length === 0 && !setsAside;
  if (preview.stopped !== null) return { state: 'stopped', reason: `${preview.stopped}; nothing of it is carried out` };
  if (overNothing) return { state: 'in-order', reason: '' };
  const refusal = refusalOf(store);
  if (refusal !== null) return { state: 'watched', reason: refusal };
  if (preview.planned.items === 0 && !setsAside) return { state: 'stays-over', reason: 'nothing that may go would bring the store under its limit' };
  const waiting = waitsFor(task, file, Date.now());
  if (waiting !== null) return waiting;
  return { state: 'waits', reason: preview.staysOver && !setsAside ? 'what may go does not suffice to get under the limit' : '' };
}

/** Never throws: one store that cannot be read says nothing about the others. */
async function planTask(task: Task, file: string): Promise<{ told: RotateStore; preview: Preview | null }> {
  try {
    const preview = await previewStore(task.request);
    return { told: { ...namesOf(task), ...stateOf(task, preview, file), before: preview.before, planned: plannedOf(preview.planned), skipped: skippedOf(preview.skipped), ...(preview.notes === undefined || preview.notes.length === 0 ? {} : { notes: [...preview.notes] }) }, preview };
  } catch (cause) {
    return { told: failedStore(task, cause instanceof Error ? cause.message : 'it cannot be planned'), preview: null };
  }
}

/** What a local order is: no more than its account repeats, so that a later run knows it again. */
const factsOf = (rule: BundleRule, id: string): OrderFacts => ({ id, server: localServerName(), profile: rule.profile, store: rule.store, bounds: rule.bounds, policy: { name: rule.policy } });

function accountOf(task: Task, receipt: Receipt, signer: Signer | null): RotateStore {
  const state = receipt.outcome === 'completed' ? 'done' : receipt.outcome === 'nothing-to-do' ? 'in-order' : receipt.outcome === 'stopped' ? 'stopped' : 'failed';
  const { before, planned, skipped, outcome, deleted, after, reason } = receipt;
  const signed = signer === null ? receipt : (signDocument(signer, SIGNING_CONTEXTS.receipt, receipt) as Exclude<RotateStore['receipt'], undefined>);
  return { ...namesOf(task), state, reason, before, planned, skipped, outcome, deleted, after, receipt: signed };
}

async function applyTask(task: Task, staysOver: boolean, signer: Signer | null, managed: ManagedHost | null): Promise<RotateStore> {
  const order = randomUUID();
  try {
    const told = accountOf(task, await aloneOnStore(managed, task.rule, () => rotateStore(task.request, factsOf(task.rule, order))), signer);
    return told.state === 'done' && staysOver ? { ...told, state: 'stays-over' } : told;
  } catch (cause) {
    return failedStore(task, `${cause instanceof Error ? cause.message : 'it broke off'}; order ${order} stays open, and the next --apply brings it to its end`);
  }
}

/** Brings an order that was cut short to its end, and says so. A store that is away for now says nothing about the others. */
async function settleOne(place: Parameters<typeof refuseOrder>[0], facts: OrderFacts, managed: ManagedHost | null): Promise<string> {
  const begun = `An earlier run on ${facts.store} (order ${facts.id}) was cut short.`;
  try {
    const { outcome, reason, deleted } = await aloneOnStore(managed, facts, () => refuseOrder(place, facts, 'an earlier run was cut short'));
    return `${begun} It had deleted ${deleted.items} items; ${outcome === 'failed' ? reason : 'what it left half done was brought to its end'}.`;
  } catch (cause) {
    if (cause instanceof StoreAway) return `${begun} It cannot be ended now: ${cause.message}.`;
    throw cause;
  }
}

/** Brings what earlier local runs left half done to its end, or says why not. */
async function settleEarlier(tasks: readonly Task[], journalDir: string, managed: ManagedHost | null): Promise<string[]> {
  const remarks: string[] = [];
  for (const facts of unfinishedOrders(journalDir)) {
    const request = tasks.find((task) => task.rule.profile === facts.profile && task.rule.store === facts.store)?.request ?? null;
    remarks.push(await settleOne({ journalDir, now: Date.now, request }, facts, managed));
  }
  return remarks;
}

/** Asked before anything else: what cannot be written down must not be begun. */
function makeJournalFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: FOLDER_MODE });
    accessSync(dir, constants.W_OK);
  } catch (cause) {
    throw new CommandFailure(`the journal of the deletions cannot be kept in ${dir} (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`, 'run as an account that can write there, or name another folder with --journal-dir', [], { cause });
  }
}

interface Known {
  readonly managed: ManagedHost | null;
  readonly holds: readonly Hold[];
  readonly remarks: readonly string[];
}

/** What the executor of this host knows. A plan is made also without it, and says so; what deletes is not, unless somebody says that it may. */
async function knownOnHost(root: string, { apply, withoutKnownHolds = false }: RotateOptions): Promise<Known> {
  let managed: ManagedHost | null = null;
  try {
    managed = await managedHost(root);
    return { managed, holds: managed === null ? [] : await knownHolds(managed), remarks: [] };
  } catch (cause) {
    if (!(cause instanceof CommandFailure) || (apply && !withoutKnownHolds)) throw cause;
    return { managed, holds: [], remarks: [`Holds that Mailwarden has put on this host are not counted: ${cause.message}.`] };
  }
}

async function work(host: Host, options: RotateOptions, policies: readonly Policy[]): Promise<RotateDocument> {
  const journalDir = resolve(options.journalDir ?? join(host.rootPath, LOCAL_JOURNALS));
  const { managed, holds, remarks: unknown } = await knownOnHost(host.rootPath, options);
  const tasks = await tasksFor(host, await profilesFor(options, policies), policies, { journalDir, otherJournals: [join(host.rootPath, LOCAL_JOURNALS), ...(managed === null ? [] : [managed.journalDir])].filter((dir) => dir !== journalDir), known: holds });
  if (tasks.length === 0) throw new CommandFailure(`no retention policy of ${options.policy} names a store of these profiles`, 'see: mailwarden profile list');
  const remarks = [...unknown, ...(policies.some(hasLabels) ? ['Server labels of the policies count for nothing here: each policy is taken as meant for this host.'] : [])];
  if (options.apply) makeJournalFolder(journalDir);
  if (options.apply) remarks.push(...(await settleEarlier(tasks, journalDir, managed)));
  const signer = options.signingKey === undefined ? null : await loadSigner(resolve(options.signingKey));
  const stores: RotateStore[] = [];
  const list: NonNullable<RotateDocument['list']> = [];
  for (const task of tasks) {
    const { told, preview } = await planTask(task, options.policy);
    for (const { path, bytes, atMs } of (options.list ? preview?.list : null) ?? []) list.push({ store: task.rule.store, policy: task.rule.policy, name: Buffer.from(path, 'latin1').toString('base64'), bytes, at: moment(atMs) });
    stores.push(options.apply && told.state === 'waits' ? await applyTask(task, preview?.staysOver === true && (preview.setsAside ?? 0) === 0, signer, managed) : told);
  }
  return { schema: 'mailwarden/rotate/v1', mode: options.apply ? 'apply' : 'plan', host: localServerName(), root: host.rootPath, remarks, stores, ...(options.list ? { list } : {}) };
}

function exitOf(stores: readonly RotateStore[]): ExitCode {
  if (stores.some(({ state }) => state === 'failed' || state === 'stopped')) return EXIT.failed;
  return stores.some(({ state }) => state === 'waits' || state === 'watched' || state === 'window-closed' || state === 'stays-over') ? EXIT.found : EXIT.nothingFound;
}

/** Plans, and with `apply` carries out, what the policies of a file ask for on one host, without a server. Exit: 0 nothing over a limit or all done, 1 a plan waits to be applied, 2 failed or stopped by a bound. */
export async function rotate(options: RotateOptions, context: CommandContext): Promise<ExitCode> {
  const root = hostRoot(options.root);
  const policies = await readPolicies(options.policy, options.apply);
  const document = await withHost(root, await loadHostSettings(root), (host) => work(host, options, policies));
  if (context.format === 'json') printJson(context, document);
  else printLines(context, rotateText(document, context.style));
  return exitOf(document.stores);
}
