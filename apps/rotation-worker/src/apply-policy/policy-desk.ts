import type { AppliedPolicies, ApplyPoliciesRequest, PolicyMistake } from '@mailwarden/contracts';
import type { DataSource, EntityManager } from 'typeorm';
import type { OutboxRelay } from '@mailwarden/persistence';
import { TOO_MANY_HOLDS_ADVICE } from '@mailwarden/policy';
import { attest, raise } from '../raise.js';
import { appendChange, newestApplied, type PolicyChange } from './applied-policies.js';
import type { BundlePress } from './bundle-press.js';
import type { PolicyShelf, StandingPolicy } from './policy-shelf.js';
import { readWritten, type WrittenPolicies } from './written-policies.js';

type Change = AppliedPolicies['changes'][number];

const atName = (message: string, advice: string, document = 0): PolicyMistake => ({ document, line: 1, path: 'name', message, advice });

function removalMistakes(names: readonly string[], shelf: PolicyShelf): PolicyMistake[] {
  return names.flatMap((name) => {
    const standing = shelf.policy(name);
    if (standing === undefined) return [atName(`no policy is called ${name}`, 'ask for the list of policies')];
    return standing.origin === 'file' ? [atName(`${name} is a file of the worker's folder`, 'remove the file there')] : [];
  });
}

const inFile = (written: WrittenPolicies, shelf: PolicyShelf): PolicyMistake[] =>
  written.policies.flatMap(({ name }) => (shelf.policy(name)?.origin === 'file' ? [atName(`${name} is a file of the worker's folder`, 'change the file there, or give this policy another name')] : []));

/** More holds than a server's bundle takes would leave the server without the newest of them. */
function misfitMistakes(written: WrittenPolicies, changes: readonly Change[], { shelf, press }: { readonly shelf: PolicyShelf; readonly press: BundlePress }): PolicyMistake[] {
  if (!changes.some(({ kind, change }) => kind === 'hold' && (change === 'new' || change === 'changed'))) return [];
  const replaced = new Set(changes.map(({ policy }) => policy));
  const misfit = press.misfit([...shelf.policies().filter(({ name }) => !replaced.has(name)), ...written.policies]);
  return misfit === null ? [] : [atName(misfit, TOO_MANY_HOLDS_ADVICE)];
}

/** What a text would change beside the policies that stand. */
export function changesOf(written: WrittenPolicies['policies'], remove: readonly string[], shelf: Pick<PolicyShelf, 'policy'>): Change[] {
  const kept = written.map((policy): Change => {
    const before: StandingPolicy | undefined = shelf.policy(policy.name);
    return { policy: policy.name, kind: policy.kind, change: before === undefined ? 'new' : before.version === policy.version ? 'same' : 'changed', version: policy.version, before: before?.text ?? null, after: policy.text };
  });
  const removed = remove.flatMap((name): Change[] => {
    const before = shelf.policy(name);
    return before === undefined ? [] : [{ policy: name, kind: before.kind, change: 'removed', version: null, before: before.text, after: null }];
  });
  return [...kept, ...removed];
}

/** Takes policies in and takes them back, as one step: all of a request, or nothing of it. */
export class PolicyDesk {
  constructor(private readonly parts: { readonly dataSource: DataSource; readonly shelf: PolicyShelf; readonly press: BundlePress; readonly relay: OutboxRelay }) {}

  /** Bundles of this instance are pressed anew before it answers, so that a hold counts at once. */
  async apply(request: ApplyPoliciesRequest): Promise<AppliedPolicies> {
    const { dataSource, shelf, press, relay } = this.parts;
    const written = readWritten(request.documents);
    const outcome = await dataSource.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext('policies'))`);
      await shelf.read();
      const changes = changesOf(written.policies, request.remove, shelf);
      const mistakes = [...written.mistakes, ...inFile(written, shelf), ...removalMistakes(request.remove, shelf), ...misfitMistakes(written, changes, { shelf, press })];
      if (mistakes.length > 0) return { changes, mistakes: mistakes.slice(0, 200) };
      if (!request.dryRun) await this.#write(tx, changes, request);
      return { changes, mistakes: [] };
    });
    if (!request.dryRun && outcome.mistakes.length === 0) {
      relay.kick();
      await press.refresh();
    }
    return outcome;
  }

  async #write(tx: EntityManager, changes: readonly Change[], { by, reason }: ApplyPoliciesRequest): Promise<void> {
    const atMs = Date.now();
    const standing = new Map((await newestApplied(tx)).map((row) => [row.name, row]));
    for (const change of changes) {
      if (change.change === 'same') continue;
      const row: PolicyChange = { name: change.policy, kind: change.kind, version: change.version ?? standing.get(change.policy)?.version ?? '', text: change.after ?? change.before ?? '', withdrawn: change.change === 'removed' };
      const position = await appendChange(tx, row, by, reason, atMs);
      await attest(tx, { kind: 'policy', id: `${row.name}-applied-${position}`, atMs, document: { ...row, by, reason }, facts: { policy: row.name, kind: row.kind, withdrawn: row.withdrawn } });
      if (row.withdrawn) await raise(tx, 'policy.withdrawn', { id: `policy-withdrawn-${position}`, server: 'fleet', severity: 'medium', atMs, detail: { policy: row.name, kind: row.kind } });
      else if (change.version !== null) await raise(tx, 'policy.applied', { id: `policy-applied-${position}`, server: 'fleet', severity: 'info', atMs, detail: { policy: row.name, kind: row.kind, version: change.version } });
    }
  }
}
