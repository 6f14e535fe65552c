import type { ProposalSummary } from '@mailwarden/contracts';
import { ApiClient } from '../api-client.js';
import { EXIT, type ExitCode } from '../failure.js';
import { renderTable } from '../output/table.js';
import { DECISION_DONE } from './decided-moment.js';
import { printJson, printLines, type CommandContext } from './context.js';
import { requireReason } from './policy/policy-apply.js';
import { scopeText } from './scope-text.js';
import { idByStart } from './waiting.js';

/** Said in place of "recorded" where two persons have to agree. */
export const secondPersonWords = ({ id, count, lapsesAt }: ProposalSummary): string =>
  `${count === 1 ? 'the decision waits' : `these ${count} decisions wait`} for a second person, until ${lapsesAt}; nothing counts before. Another person confirms in the console, or by: mailwarden consent confirm ${id.slice(0, 8)} --reason "..."`;

async function waitingOf(context: CommandContext): Promise<{ client: ApiClient; proposals: readonly ProposalSummary[] }> {
  const client = await ApiClient.forRuntime(context.dataDir);
  return { client, proposals: (await client.ask('consents')).proposals };
}

/** What waits for a second person. Exit: 0 nothing, 1 something. */
export async function listProposals(context: CommandContext): Promise<ExitCode> {
  const { proposals } = await waitingOf(context);
  if (context.format === 'json') printJson(context, proposals);
  else if (proposals.length === 0) context.print('No decision waits for a second person.');
  else {
    const rows = proposals.flatMap((proposal) => proposal.decisions.map((decision, index) => ({ proposal, decision, isFirst: index === 0 })));
    printLines(
      context,
      renderTable(
        [
          { title: 'id', text: ({ proposal, isFirst }) => (isFirst ? proposal.id : '') },
          { title: 'decision', text: ({ decision }) => `${decision.agreement} ${DECISION_DONE[decision.action]}` },
          { title: 'for', text: ({ decision }) => scopeText(decision.scope) },
          { title: 'on behalf of', text: ({ decision }) => decision.onBehalfOf },
          { title: 'reason', text: ({ decision }) => decision.reason },
          { title: 'proposed by', text: ({ proposal, isFirst }) => (isFirst ? proposal.proposedBy : '') },
          { title: 'lapses', text: ({ proposal, isFirst }) => (isFirst ? proposal.lapsesAt : '') },
        ],
        rows,
        context.style,
      ),
    );
    for (const { id, count, decisions } of proposals) if (count > decisions.length) context.print(`${id} has ${count - decisions.length} more: mailwarden consent proposals ${id.slice(0, 8)} --format json`);
  }
  return proposals.length === 0 ? EXIT.nothingFound : EXIT.found;
}

/** One proposal with all of its decisions. */
export async function showProposal(typed: string, context: CommandContext): Promise<ExitCode> {
  const { client, proposals } = await waitingOf(context);
  const whole = await client.ask('proposal', { params: { id: idByStart(proposals.map(({ id }) => id), typed, 'waiting proposal', 'mailwarden consent proposals') } });
  if (context.format === 'json') printJson(context, whole);
  else
    printLines(context, [
      `proposed by ${whole.proposedBy} at ${whole.proposedAt}; lapses at ${whole.lapsesAt}`,
      ...(whole.documentSha256 === null ? [] : [`taken over from a file with the SHA-256 ${whole.documentSha256}`]),
      ...whole.decisions.map(({ agreement, action, scope, onBehalfOf, reason, textSha256, validUntil }) => `  ${agreement} ${DECISION_DONE[action]} for ${scopeText(scope)}, on behalf of ${onBehalfOf}: ${reason}${textSha256 === null ? '' : `; text ${textSha256}`}${validUntil === null ? '' : `; until ${validUntil}`}`),
    ]);
  return EXIT.nothingFound;
}

/** The second person's word. */
export async function answerProposal(action: 'confirm' | 'reject', typed: string, reason: string, context: CommandContext): Promise<ExitCode> {
  const { client, proposals } = await waitingOf(context);
  const id = idByStart(proposals.map((proposal) => proposal.id), typed, 'waiting proposal', 'mailwarden consent proposals');
  const { recorded } = await client.ask('answerProposal', { params: { id }, body: { action, reason: requireReason(reason) } });
  if (context.format === 'json') printJson(context, { recorded });
  else if (action === 'reject') context.print('Rejected: nothing of it is recorded.');
  else printLines(context, recorded.map((decision) => `${decision.agreement} ${DECISION_DONE[decision.action]} for ${scopeText(decision.scope)}; recorded as decided by ${decision.decidedBy} and confirmed by ${decision.confirmedBy ?? ''}`));
  return EXIT.nothingFound;
}
