import type { Probe } from '@mailwarden/catalogue';
import { known, unknown, type Measured } from '@mailwarden/kernel';
import { readAccounts, type Host } from '../host.js';
import type { RunsAs } from './run-command.js';

const ROOT = 0;

/**
 * Whose rights a profile's command runs with: no more than being who measures gives, or those of the account that the profile names for it.
 * Safety: who cannot become that account does not run the command with rights of his own instead.
 */
export function runsAs(host: Pick<Host, 'root'>, { account, command }: Extract<Probe, { kind: 'command' }>): Measured<RunsAs> {
  if (account === null) return known('us-without-capabilities');
  const program = command[0] ?? 'the command';
  if (process.geteuid?.() !== ROOT) return unknown(`${program} runs as ${account}, and root alone can have it do so`);
  const accounts = readAccounts(host);
  const found = accounts.ok ? accounts.value.byName.get(account) : undefined;
  if (found === undefined) return unknown(`${program} runs as ${account}, which is no account of this host`);
  const [gid = ROOT] = found.gids; // The first is the one of passwd.
  return found.uid === ROOT || gid === ROOT ? unknown(`${program} runs as ${account}, which is root here`) : known({ uid: found.uid, gid });
}
