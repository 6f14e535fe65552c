import { userInfo } from 'node:os';
import { parseServerName } from '@mailwarden/kernel';
import type { ConsentScope } from '@mailwarden/contracts';
import { ApiClient } from '../api-client.js';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import { renderTable } from '../output/table.js';
import { printJson, printLines, type CommandContext } from './context.js';

/** Short names that cover more than one agreement: taking part in KSN needs the statement, statistics need the supplementary one too. */
const SHORT_NAMES: Readonly<Record<string, { readonly grant: readonly string[]; readonly refuse: readonly string[] }>> = {
  ksn: { grant: ['ksn-statement'], refuse: ['ksn-statement', 'supplementary-ksn-statement'] },
  'ksn-extended': { grant: ['ksn-statement', 'supplementary-ksn-statement'], refuse: ['supplementary-ksn-statement'] },
};

export interface ConsentOptions {
  readonly group?: string | undefined;
  readonly server?: string | undefined;
  readonly onBehalfOf: string;
  readonly reason: string;
  readonly wait: boolean;
}

export function scopeFrom(options: { readonly group?: string | undefined; readonly server?: string | undefined }): ConsentScope {
  if (options.server !== undefined) {
    const name = parseServerName(options.server);
    if (!name.ok) throw new CommandFailure(name.error, 'see: mailwarden fleet');
    return { kind: 'server', server: name.value };
  }
  if (options.group === undefined) return { kind: 'organisation' };
  const [label, value] = options.group.split('=');
  if (label === undefined || value === undefined) throw new CommandFailure('a group is a label and its value', 'write it as --group role=mx');
  return { kind: 'group', label, value };
}

const CONVERGENCE_TIMEOUT_MS = 10_000;
const CONVERGENCE_POLL_MS = 100;

export async function decide(action: 'grant' | 'decline' | 'withdraw', agreement: string, options: ConsentOptions, context: CommandContext): Promise<ExitCode> {
  const client = await ApiClient.forRuntime(context.dataDir);
  const agreements = SHORT_NAMES[agreement]?.[action === 'grant' ? 'grant' : 'refuse'] ?? [agreement];
  const scope = scopeFrom(options);
  const startedAt = Date.now();
  const decisions = [];
  for (const id of agreements) {
    decisions.push(
      await client.ask('decide', {
        body: { agreement: id, textSha256: null, action, scope, onBehalfOf: options.onBehalfOf, means: 'command-line', reason: options.reason, validUntil: null, region: null },
      }),
    );
  }
  if (context.format === 'text') for (const decision of decisions) context.print(`${decision.agreement}: ${action} recorded by ${userInfo().username} at ${decision.recordedAt}`);
  const convergence = options.wait ? await waitForConvergence(client, startedAt) : [];
  if (context.format === 'json') printJson(context, { decisions, convergence });
  else if (options.wait) printLines(context, convergence.map((row) => `  ${row.server}: ${row.state}${row.milliseconds === null ? '' : ` after ${row.milliseconds} ms`}`));
  return convergence.some((row) => row.state === 'converging') ? EXIT.found : EXIT.nothingFound;
}

/** Waits until no server is converging any more, or the time is up. */
async function waitForConvergence(client: ApiClient, startedAt: number) {
  for (;;) {
    const { convergence } = await client.ask('consents');
    const settled = convergence.every((row) => row.state !== 'converging');
    if (settled || Date.now() - startedAt > CONVERGENCE_TIMEOUT_MS) return convergence;
    await new Promise((resolve) => setTimeout(resolve, CONVERGENCE_POLL_MS));
  }
}

export async function consentList(context: CommandContext): Promise<ExitCode> {
  const view = await (await ApiClient.forRuntime(context.dataDir)).ask('consents');
  if (context.format === 'json') {
    printJson(context, view);
    return EXIT.nothingFound;
  }
  printLines(
    context,
    renderTable(
      [
        { title: 'agreement', text: (row) => row.agreement },
        { title: 'server', text: (row) => row.server },
        { title: 'state', text: (row) => row.state, style: (row, style) => (row.state === 'granted' ? style.green : style.yellow) },
        { title: 'because', text: (row) => row.because },
      ],
      view.effective,
      context.style,
    ),
  );
  context.print('');
  printLines(
    context,
    renderTable(
      [
        { title: 'server', text: (row) => row.server },
        { title: 'convergence', text: (row) => row.state },
        { title: 'took', text: (row) => (row.milliseconds === null ? '-' : `${row.milliseconds} ms`), align: 'right' },
        { title: 'ksn', text: (row) => (row.ksn === null ? '-' : `${row.ksn.actual.known ? row.ksn.actual.value : 'unknown'}, allowed ${row.ksn.desired}`) },
        { title: 'because', text: (row) => row.because },
      ],
      view.convergence,
      context.style,
    ),
  );
  return EXIT.nothingFound;
}
