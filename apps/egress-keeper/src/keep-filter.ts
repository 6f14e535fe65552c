import { loadProfiles, readGuardedBytes, trustIn } from '@mailwarden/config';
import { PacketFilter } from '@mailwarden/egress';
import type { Instant } from '@mailwarden/kernel';
import { openDesk } from './desk.js';
import { readHostFacts } from './host-facts.js';
import { LIFT_ENDS, liftedHere, liftHere } from './host-lift.js';
import { Keeper } from './keeper.js';
import { KnownNames } from './known-names.js';
import { loadKeeperSettings, type KeeperSettings } from './keeper-settings.js';
import { StandingDocuments } from './standing-documents.js';

/** Units: bytes. */
const TRUST_BYTES_MAX = 65_536;

type Say = (line: string) => void;

const filterOf = ({ nft }: KeeperSettings): PacketFilter => new PacketFilter({ ...(nft === undefined ? {} : { programs: [nft] }), now: Date.now });

/** Takes our table away, as when the product is uninstalled. Errors: throws where the filter does not answer. */
export async function removeFilter(file: string, say: Say): Promise<void> {
  const removed = await filterOf(await loadKeeperSettings(file)).remove();
  if (!removed.ok) throw new Error(removed.error.message);
  say('the table inet mailwarden is gone');
}

/** Break-glass: lets everything flow on this host for a time. The keeper that runs follows it within a look. Errors: throws with what is wrong; then nothing was changed. */
export async function liftFilter(file: string, { lift, reason }: { readonly lift: string; readonly reason: string }, say: Say): Promise<void> {
  const until = liftHere((await loadKeeperSettings(file)).stateDir, lift, reason, Date.now());
  say(until === null ? 'policies count again on this host' : `nothing is refused on this host until ${until}; "--lift ${LIFT_ENDS}" takes it back`);
}

/** What cannot be read lifts nothing. */
function liftedUntil(stateDir: string, say: Say): Instant | null {
  try {
    return liftedHere(stateDir, Date.now());
  } catch (cause) {
    say(`what lifts policies on this host counts for nothing: ${cause instanceof Error ? cause.message : 'it cannot be read'}`);
    return null;
  }
}

/** Keeps the filter until it is told to end. Errors: throws where the settings, the trust anchors or the socket are not right; then nothing was changed. */
export async function keepFilter(file: string, say: Say): Promise<void> {
  const settings = await loadKeeperSettings(file);
  // Whoever writes the trust anchors says what is refused.
  const trust = trustIn(await readGuardedBytes(settings.trust, TRUST_BYTES_MAX), settings.trust);
  const documents = new StandingDocuments({ server: settings.server, trust, stateDir: settings.stateDir });
  for (const line of documents.restore()) say(`of what was kept: ${line}`);
  const names = new KnownNames(settings.stateDir);
  const lost = names.restore(Date.now());
  if (lost !== null) say(`of names that resolved before: ${lost}`);
  const keeper = new Keeper({
    filter: filterOf(settings),
    documents,
    names,
    profiles: await loadProfiles(settings.profileDir === undefined ? {} : { extraDir: settings.profileDir }),
    facts: () => readHostFacts(settings.root),
    liftedUntil: () => liftedUntil(settings.stateDir, say),
    lookEverySeconds: settings.lookEverySeconds,
    resolveEverySeconds: settings.resolveEverySeconds,
    say,
  });
  await keeper.start();
  const desk = await openDesk(settings.listen, (task) => keeper.follow(task));
  say('ready');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      desk.close();
      void keeper.stop().finally(() => process.exit(0));
    });
  }
}
