import type { Profile } from '@mailwarden/catalogue';
import type { Membership, PlanRequest, PolicyMistake, PolicyPlan } from '@mailwarden/contracts';
import { instantOf, type ProfileId } from '@mailwarden/kernel';
import type { HoldPolicy, Policy, RetentionPolicy } from '@mailwarden/policy';
import { foretell } from '@mailwarden/rotation';
import type { DataSource } from 'typeorm';
import { readWritten } from '../apply-policy/written-policies.js';
import { measuredCounts, passingStates, placeOf } from './passing-states.js';
import { groupsOf, ruleScopes, type RuleScope, type ScopeGroup } from './plan-scope.js';
import { PlanTally } from './plan-tally.js';

export interface PlanParts {
  readonly dataSource: DataSource;
  readonly profiles: ReadonlyMap<ProfileId, Profile>;
  readonly members: () => readonly Membership[];
  readonly standing: () => readonly Policy[];
}

/** What a question is about: policies that are asked about, and every hold that would stand. */
export interface PlanQuestion {
  readonly policies: readonly RetentionPolicy[];
  readonly holds: readonly HoldPolicy[];
  readonly mistakes: readonly PolicyMistake[];
}

const isRetention = (policy: Policy): policy is RetentionPolicy => policy.kind === 'retention';
const isHold = (policy: Policy): policy is HoldPolicy => policy.kind === 'hold';

/** Documents are planned as if they stood beside what stands: their holds count at once, and what has the name of one that stands replaces it. */
export function questionOf({ documents, policy }: Pick<PlanRequest, 'documents' | 'policy'>, standing: readonly Policy[]): PlanQuestion {
  const written = documents === null ? null : readWritten(documents);
  const asked: readonly Policy[] = written?.policies ?? standing;
  const others = written === null ? [] : standing.filter(({ name }) => !asked.some((candidate) => candidate.name === name));
  return { policies: asked.filter(isRetention).filter(({ name }) => policy === null || name === policy), holds: [...asked, ...others].filter(isHold), mistakes: written?.mistakes ?? [] };
}

/** Answers from recorded state what policies would delete in the whole fleet, without asking a single host. */
export class FleetPlan {
  constructor(private readonly parts: PlanParts) {}

  async plan(request: PlanRequest, nowMs: number): Promise<PolicyPlan> {
    const standing = this.parts.standing();
    const question = questionOf(request, standing);
    const tally = new PlanTally(request.rows);
    if (question.mistakes.length === 0) for (const group of groupsOf(this.scopes(question, request.server, nowMs))) await this.#addGroup(tally, group, nowMs);
    const changeOf = ({ name, version }: RetentionPolicy): PolicyPlan['totals'][number]['change'] => {
      const before = standing.find((policy) => policy.name === name);
      return before === undefined ? 'new' : before.version === version ? 'same' : 'changed';
    };
    const planned = question.mistakes.length === 0 ? question.policies : [];
    return { at: instantOf(nowMs), totals: planned.map((policy) => tally.totalsOf(policy.name, { mode: policy.mode, change: changeOf(policy) })), rows: tally.rows, rowsLeft: tally.rowsLeft, mistakes: [...question.mistakes] };
  }

  scopes({ policies, holds }: PlanQuestion, server: string | null, nowMs: number): RuleScope[] {
    const members = this.parts.members();
    return ruleScopes(policies, holds, server === null ? members : members.filter((member) => member.server === server), this.parts.profiles, nowMs);
  }

  async #addGroup(tally: PlanTally, group: ScopeGroup, nowMs: number): Promise<void> {
    const counting = measuredCounts(this.parts.dataSource, group, nowMs);
    counting.catch(() => undefined); // Whoever awaits it below hears of it.
    const scopes = new Map(group.scopes.map((scope) => [placeOf(scope.rule.profile, scope.rule.store), scope]));
    const over = new Map<string, number>();
    for await (const { server, place, state } of passingStates(this.parts.dataSource, group, nowMs)) {
      const scope = scopes.get(place);
      if (scope === undefined) continue;
      over.set(place, (over.get(place) ?? 0) + 1);
      tally.add(scope, server, state.measuredAtMs, foretell({ ...scope.rule, rotatable: scope.rotatable }, state, scope.holds.get(server) ?? [], nowMs));
    }
    const measured = await counting;
    for (const [place, scope] of scopes) {
      const known = measured.get(place) ?? 0;
      tally.count(scope, Math.max(0, known - (over.get(place) ?? 0)), Math.max(0, scope.servers.length - known));
    }
  }
}
