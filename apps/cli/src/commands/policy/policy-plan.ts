import type { ExactPlans, PolicyPlan } from '@mailwarden/contracts';
import { ApiClient } from '../../api-client.js';
import { CommandFailure, EXIT, type ExitCode } from '../../failure.js';
import { exactText, planText } from '../../output/plan-text.js';
import { knownServer } from '../named-things.js';
import { printJson, printLines, type CommandContext } from '../context.js';
import { readDocuments, requireNone } from './read-documents.js';

export interface PlanOptions {
  readonly server?: string | undefined;
  readonly policy?: string | undefined;
  readonly rows: number;
  readonly exact: boolean;
  /** Hosts that are asked at most. */
  readonly servers: number;
  /** Units: seconds. */
  readonly wait: number;
}

const POLL_MS = 250;

/** Waits until every host has answered or its order has expired, or the time is up. */
async function exactAnswers(client: ApiClient, asked: ExactPlans, waitMs: number): Promise<ExactPlans> {
  const orders = asked.orders.map(({ order }) => order);
  const until = Date.now() + waitMs;
  let answers = asked;
  while (answers.orders.some(({ receipt, expired }) => receipt === null && !expired) && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    answers = await client.ask('exactPlans', { body: { orders } });
  }
  return answers;
}

function exactExit({ orders }: ExactPlans): ExitCode {
  if (orders.some(({ receipt }) => receipt === null || receipt.outcome === 'failed' || receipt.outcome === 'refused')) return EXIT.failed;
  return orders.some(({ receipt }) => (receipt?.planned.items ?? 0) > 0) ? EXIT.found : EXIT.nothingFound;
}

const planExit = ({ totals }: PolicyPlan): ExitCode => (totals.some(({ wouldDelete }) => wouldDelete.items > 0) ? EXIT.found : EXIT.nothingFound);

/** Says what policies would delete: from recorded state, or exactly, by asking the hosts. Exit: 0 nothing would go, 1 something would, 2 failed or not every host answered. */
export async function policyPlan(files: readonly string[], options: PlanOptions, context: CommandContext): Promise<ExitCode> {
  const named = await readDocuments(files);
  const documents = files.length === 0 ? null : named.map(({ text }) => text);
  const client = await ApiClient.forRuntime(context.dataDir);
  const server = options.server === undefined ? null : knownServer((await client.ask('fleet')).servers, options.server);
  const policy = options.policy ?? null;
  const plan = await client.ask('planPolicies', { body: { documents, policy, server, rows: options.rows } });
  requireNone(named, plan.mistakes);
  if (policy !== null && plan.totals.length === 0) throw new CommandFailure(`no retention policy is called ${policy}`, 'see: mailwarden policy list');
  if (!options.exact) {
    if (context.format === 'json') printJson(context, plan);
    else printLines(context, planText(plan, Date.now(), context.style));
    return planExit(plan);
  }
  const asked = await client.ask('askExact', { body: { documents, policy, server, servers: options.servers } });
  const exact = await exactAnswers(client, asked, options.wait * 1000);
  if (context.format === 'json') printJson(context, { plan, exact });
  else printLines(context, exactText(exact, Date.now(), context.style));
  return exactExit(exact);
}
