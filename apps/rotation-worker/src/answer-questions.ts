import type { ServiceAnswers } from '@mailwarden/messaging';
import type { DataSource } from 'typeorm';
import { historyOf } from './apply-policy/applied-policies.js';
import type { BundlePress } from './apply-policy/bundle-press.js';
import type { PolicyDesk } from './apply-policy/policy-desk.js';
import { policyOverviewOf } from './apply-policy/policy-overview.js';
import type { PolicyShelf } from './apply-policy/policy-shelf.js';
import type { DecisionDesk } from './decide/decision-desk.js';
import { waitingList } from './decide/waiting-list.js';
import type { ExactPlanning } from './foretell-fleet/exact-plans.js';
import type { FleetPlan } from './foretell-fleet/fleet-plan.js';
import type { Rollouts } from './roll-out/rollouts.js';

export interface AnswerParts {
  readonly dataSource: DataSource;
  readonly shelf: PolicyShelf;
  readonly press: BundlePress;
  readonly rollouts: Rollouts;
  readonly policies: PolicyDesk;
  readonly decisions: DecisionDesk;
  readonly plan: FleetPlan;
  readonly exact: ExactPlanning;
}

const answered = <T>(value: T): { ok: true; value: T } => ({ ok: true, value });

/** Every question that the rotation worker answers. Instances share them. */
export function answerQuestions(answers: ServiceAnswers, parts: AnswerParts): void {
  const { dataSource, shelf, press, rollouts, policies, decisions, plan, exact } = parts;
  answers.serve('rotation.policies', async () => answered(await policyOverviewOf(dataSource, shelf, press)));
  answers.serve('rotation.apply', async (request) => answered(await policies.apply(request)));
  answers.serve('rotation.history', async ({ policy }) => answered(await historyOf(dataSource, policy)));
  answers.serve('rotation.waiting', async () => answered(await waitingList(dataSource, rollouts, shelf)));
  answers.serve('rotation.decide', (decision) => decisions.decide(decision));
  answers.serve('rotation.plan', async (request) => answered(await plan.plan(request, Date.now())));
  answers.serve('rotation.ask-exact', async (request) => answered(await exact.ask(request, Date.now())));
  answers.serve('rotation.exact', async ({ orders }) => answered(await exact.answered(orders)));
}
