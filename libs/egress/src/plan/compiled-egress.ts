import { ok, sha256, type Result, type Sha256 } from '@mailwarden/kernel';
import { checkPlan, type CheckedPlan } from './checked-plan.js';
import type { EgressPlan, EgressPlanProblem } from './egress-plan.js';
import { filterRules } from './filter-rules.js';
import { prefixText, rangeOf, joined, type IpFamily, type IpRange } from './ip-prefix.js';
import { endpointSet, flowCounter, OVERFLOW_COUNTER, PORTLESS_COUNTER } from './table-names.js';

/** Of the digest, in the comment of each rule. */
const MARK_LENGTH = 16;

/** What a set holds from the beginning. */
export interface FixedSet {
  readonly name: string;
  readonly elements: readonly string[];
  readonly ranges: readonly IpRange[];
}

/** A plan as the packet filter takes it. */
export interface CompiledEgress {
  readonly plan: CheckedPlan;
  /** Of rules and fixed addresses: two plans of one digest do the same. */
  readonly digest: Sha256;
  readonly rules: readonly string[];
  /** What each rule is marked with, in order. */
  readonly marks: readonly string[];
  readonly fixedSets: readonly FixedSet[];
  readonly namedSets: readonly string[];
  readonly counters: readonly string[];
}

const FAMILIES: readonly IpFamily[] = [4, 6];

/** Makes a plan into what the packet filter takes. Errors: everything that is wrong with the plan. */
export function compileEgress(given: EgressPlan): Result<CompiledEgress, readonly EgressPlanProblem[]> {
  const checked = checkPlan(given);
  if (!checked.ok) return checked;
  const plan = checked.value;
  const rules = filterRules(plan);
  const endpoints = plan.flows.flatMap((flow) => (flow.endpoints === 'any' ? [] : flow.endpoints.map((endpoint) => ({ flow, endpoint }))));
  const fixedSets = endpoints.flatMap(({ flow, endpoint }) =>
    FAMILIES.flatMap((family): FixedSet[] => {
      const prefixes = family === 4 ? endpoint.v4 : endpoint.v6;
      if (prefixes.length === 0) return [];
      return [{ name: endpointSet('fixed', family, flow.id, endpoint.id), elements: prefixes.map(prefixText), ranges: joined(prefixes.map(rangeOf)) }];
    }),
  );
  const digest = sha256([...rules, ...fixedSets.map(({ name, elements }) => `${name} ${elements.join(' ')}`)].join('\n'));
  return ok({
    plan,
    digest,
    rules,
    marks: rules.map((_, index) => `${index} ${digest.slice(0, MARK_LENGTH)}`),
    fixedSets,
    namedSets: endpoints.flatMap(({ flow, endpoint }) => FAMILIES.map((family) => endpointSet('named', family, flow.id, endpoint.id))),
    counters: [OVERFLOW_COUNTER, PORTLESS_COUNTER, ...plan.flows.map(({ effect, id }) => flowCounter(effect, id))],
  });
}
