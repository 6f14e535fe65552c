import { join, resolve } from 'node:path';
import { WILDCARDS } from '@mailwarden/contracts';
import { NAME_PATTERN } from '@mailwarden/kernel';
import { BusAuthority, subscriberUser } from '@mailwarden/identity';
import { bringAccount, connectBus, ensureSubscriber, placeSubscriber } from '@mailwarden/messaging';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import { layoutOf } from '../runtime/layout.js';
import { isRunning } from '../runtime/process-identity.js';
import { readRunRecord, type RunRecord } from '../runtime/run-record.js';
import { printJson, type CommandContext } from './context.js';
import { momentFrom } from './hold.js';

const OF_EVENTS = [WILDCARDS.event, WILDCARDS.ocsf].map((wildcard) => wildcard.replace('>', ''));
/** Tokens of names, `*` for any one, and at the end `>` for all that follow. */
const SUBJECT = /^(?:[a-z0-9-]+|\*)(?:\.(?:[a-z0-9-]+|\*))*(?:\.>)?$/;

function requireSubject(subject: string): void {
  if (OF_EVENTS.some((start) => subject.startsWith(start)) && SUBJECT.test(subject)) return;
  throw new CommandFailure(`--only names no subject of events`, `write it as ${OF_EVENTS.map((start) => `${start}…`).join(' or ')}, for example mw.event.finding.>`);
}

/** Has the broker take up the accounts as they are now. Returns whether it has taken all. */
async function bringAccounts(authority: BusAuthority, { bus }: RunRecord): Promise<boolean> {
  const system = await connectBus({ url: bus.url, caFile: bus.ca, credsFile: await authority.accountKeeperCredentials(), name: 'mailwarden-cli-accounts' });
  try {
    for (const token of Object.values((await authority.tokens()).accounts)) if (!(await bringAccount(system, token))) return false;
    return true;
  } finally {
    await system.close();
  }
}

/** Gives a SIEM credentials and a place of its own in the events, or sets it to another place. What it has not acknowledged comes again. */
export async function eventsSubscriber(name: string, asked: { readonly only: readonly string[]; readonly since: string | undefined }, context: CommandContext): Promise<ExitCode> {
  const layout = layoutOf(resolve(context.dataDir));
  if (!NAME_PATTERN.test(name)) throw new CommandFailure('a subscriber has a name of 1 to 63 characters of a-z, 0-9 and "-"', 'for example: mailwarden events subscriber wazuh');
  asked.only.forEach(requireSubject);
  const since = asked.since === undefined ? null : new Date(momentFrom('--since', asked.since, 'beginning'));
  const record = await readRunRecord(layout);
  if (record === null || !isRunning(record.supervisor)) throw new CommandFailure(`nothing runs in ${layout.data}`, `start it with: mailwarden up --data ${context.dataDir}`);
  const authority = await BusAuthority.open(join(layout.identity, 'bus'));
  const isNew = !(await authority.subscribers()).includes(name);
  const creds = await authority.siemCredentials(name);
  const isLetIn = !isNew || (await bringAccounts(authority, record));
  const bus = await connectBus({ url: record.bus.url, caFile: record.bus.ca, credsFile: await authority.serviceCredentials('reporting'), name: 'mailwarden-cli' });
  try {
    if (asked.only.length === 0 && since === null) await ensureSubscriber(bus, name);
    else await placeSubscriber(bus, name, { only: asked.only, since });
  } finally {
    await bus.close();
  }
  const answer = { url: record.bus.url, ca: record.bus.ca, creds, name: subscriberUser(name), restart: !isLetIn };
  if (context.format === 'json') printJson(context, answer);
  else {
    context.print(`${answer.name} at ${answer.url}`);
    context.print(`credentials ${creds}`);
    context.print(`authority   ${answer.ca}`);
    if (!isLetIn) context.print(`The bus has not taken it up; it is let in from the next start: mailwarden down --data ${context.dataDir}, then mailwarden up`);
  }
  return EXIT.nothingFound;
}
