import { join } from 'node:path';
import type { Profile } from '@mailwarden/catalogue';
import { loadHostSettings, loadProfiles, LOCAL_JOURNALS, stateFolder, storeLockFile } from '@mailwarden/config';
import { idOfRuleTask, SIGNING_CONTEXTS, type Receipt, type SignedReceipt } from '@mailwarden/contracts';
import { resolveOnHost, withHost } from '@mailwarden/inventory-fs';
import { signDocument } from '@mailwarden/kernel';
import { deletedLately, dropMarks, earlierFacts, foretellStore, lockOrder, marksIn, markStore, readMarks, refusedReceipt, refuseOrder, rotateStore, type ApplyRequest, type MarkedItems, type StepWatch } from '@mailwarden/rotation-fs';
import type { ExecutorSettings } from './executor-settings.js';
import { forgetOrder, keepOrder } from './kept-orders.js';
import { stateDirOf, standingPolicy, type Standing } from './known-bundle.js';
import { mandateOfOrder, mandateOfRule, placeRefusal, type Here, type Mandate } from './mandate.js';
import { openTask, type OpenTask } from './open-task.js';
import { loadTrusted, type Trusted } from './trusted-files.js';
import { mandateOfUnfinished } from './unfinished.js';

/** What may come from outside while a task is carried out. */
export interface TaskLife {
  /** Aborted when the task is to end between two items. */
  readonly stop?: AbortSignal;
  /** For suites that end the process at a step. */
  readonly watch?: StepWatch;
}

/** A task that an earlier version began is known by the name that the agent gave it. */
function ruleMandate(rule: NonNullable<OpenTask['rule']>, standing: Standing, here: Here, journalDir: string): Mandate | null {
  const begun = earlierFacts(journalDir, rule.id);
  const id = begun?.authority?.kind === 'bundle' ? rule.id : idOfRuleTask(here.server, rule.id);
  return mandateOfRule({ ...rule, id }, standing, here, earlierFacts(journalDir, id));
}

/** What was decided before the store is looked at: a mandate, or an account already. */
function mandateFor(task: OpenTask, settings: ExecutorSettings, trusted: Trusted): Mandate | Receipt {
  const here = { server: settings.server, nowMs: Date.now() };
  // Not even a journal is kept of what is meant for another server.
  if (task.order !== null && task.order.payload.server !== here.server) return refusedReceipt(task.order.payload, 'the order is for another server', here.nowMs);
  const standing = standingPolicy(task.bundle, { server: settings.server, stateDir: stateDirOf(settings.journalDir), key: trusted.trust.rotation });
  if (task.order !== null) {
    const mandate = mandateOfOrder(task.order, standing.ok ? standing.value : { newest: null, isOutdated: false }, here);
    return standing.ok ? mandate : { ...mandate, refusal: standing.error };
  }
  if (!standing.ok) throw new Error(standing.error);
  if (task.unfinished !== null) return mandateOfUnfinished(task.unfinished, { settings, trusted, standing: standing.value, here });
  const mandate = task.rule === null ? null : ruleMandate(task.rule, standing.value, here, settings.journalDir);
  if (mandate === null) throw new Error('the bundle has no such rule for this server');
  return mandate;
}

/** What earlier orders of the same policy took from the store within the time of its rate counts as if this one had taken it. */
function withinRate({ facts, terms }: Mandate, journalDir: string, nowMs: number): Mandate['terms'] {
  const { bounds } = terms;
  if (bounds.perSeconds === undefined) return terms;
  const lately = deletedLately(journalDir, facts, nowMs - bounds.perSeconds * 1000);
  return { ...terms, bounds: { ...bounds, items: Math.max(0, bounds.items - lately.items), bytes: Math.max(0, bounds.bytes - lately.bytes), percent: Math.max(0, bounds.percent - lately.percent) } };
}

async function carryOut(mandate: Mandate, request: ApplyRequest, stateDir: string): Promise<Receipt> {
  const { facts, purpose, marked } = mandate;
  if (purpose === 'plan') return foretellStore(request, facts, stateDir);
  if (purpose === 'mark') return markStore(request, facts, stateDir);
  const receipt = await rotateStore(request, facts);
  if (marked !== null && (receipt.outcome === 'completed' || receipt.outcome === 'nothing-to-do')) dropMarks(marksIn(stateDir), marked);
  return receipt;
}

async function accountOf(mandate: Mandate, settings: ExecutorSettings, trusted: Trusted, life: TaskLife): Promise<Receipt> {
  const [extraDir] = settings.profileDirs;
  const { journalDir } = settings;
  const { facts } = mandate;
  const shipped = (await loadProfiles(extraDir === undefined ? {} : { extraDir })).get(facts.profile);
  return withHost(settings.root, await loadHostSettings(settings.root), async (host) => {
    const profile: Profile | undefined = shipped === undefined ? undefined : await resolveOnHost(host, shipped);
    const store = profile?.stores.find((candidate) => candidate.id === facts.store);
    const stateDir = stateDirOf(journalDir);
    const marks = mandate.marked === null || mandate.purpose !== 'rotate' ? null : readMarks(marksIn(stateDir), mandate.marked, facts, trusted.hashKey);
    const marked: MarkedItems | null = marks?.ok === true ? marks.value : null;
    const request: ApplyRequest | null = profile === undefined || store === undefined ? null : { ...withinRate(mandate, journalDir, Date.now()), host, profile, store, marked, stop: life.stop ?? null, issuedAtMs: mandate.issuedAtMs, hashKey: trusted.hashKey, now: Date.now, journalDir, otherJournals: [join(settings.root, LOCAL_JOURNALS)], ...(life.watch === undefined ? {} : { watch: life.watch }) };
    const refusal = mandate.refusal ?? placeRefusal(facts, profile, store) ?? (marks?.ok === false ? marks.error : null);
    if (refusal !== null || request === null) return refuseOrder({ journalDir, now: Date.now, request }, facts, refusal ?? 'the order cannot be understood here');
    return carryOut(mandate, request, stateDir);
  });
}

/** One task at a time works on a store: what a rate still permits, and what there is to delete, is told by what those before it did. */
async function alone<T>({ facts }: Mandate, stateDir: string, work: () => Promise<T>): Promise<T> {
  const give = lockOrder(join(stateFolder(stateDir), storeLockFile(facts.profile, facts.store)), 'an order on this store');
  try {
    return await work();
  } finally {
    give();
  }
}

/** Carries out what is decided. An order is kept until its account is written. */
async function carryOutAlone(mandate: Mandate, { order }: OpenTask, settings: ExecutorSettings, trusted: Trusted, life: TaskLife): Promise<Receipt> {
  const stateDir = stateDirOf(settings.journalDir);
  return alone(mandate, stateDir, async () => {
    if (order !== null) keepOrder(stateDir, mandate.facts.id, order.document);
    const receipt = await accountOf(mandate, settings, trusted, life);
    forgetOrder(stateDir, mandate.facts.id);
    return receipt;
  });
}

/** An opened task, to its signed account. Errors: as `carryOutTask`. */
export async function carryOutOpened(task: OpenTask, settings: ExecutorSettings, trusted: Trusted, life: TaskLife): Promise<SignedReceipt> {
  const mandate = mandateFor(task, settings, trusted);
  const receipt = 'schema' in mandate ? mandate : await carryOutAlone(mandate, task, settings, trusted, life);
  return signDocument(trusted.signer, SIGNING_CONTEXTS.receipt, receipt) as SignedReceipt;
}

/**
 * One task, from its text to its signed account.
 * Errors: throws when no account can be given: it is not signed by the worker, or nothing could be written or reached; then nothing was deleted that the journal does not tell of.
 */
export async function carryOutTask(text: string, settings: ExecutorSettings, life: TaskLife = {}): Promise<SignedReceipt> {
  const trusted = await loadTrusted(settings);
  const task = openTask(text, trusted.trust.rotation);
  if (!task.ok) throw new Error(task.error);
  return carryOutOpened(task.value, settings, trusted, life);
}
