import type { EgressReport, EgressTask, Observation } from '@mailwarden/contracts';
import { err, known, unknown, type Result } from '@mailwarden/kernel';
import type { Logger } from '@mailwarden/observability';
import type { AgentSettings } from '../agent-settings.js';
import type { AgentState } from '../agent-state.js';
import { callKeeper } from './keeper-call.js';

/** What products sent is asked for so often, and what changes in between is told at once. Units: milliseconds. */
const ASK_MS = 10_000;
const SOURCE = 'nftables, table inet mailwarden';

/** What was sent is worth a scan of its own at most so often: a product's account must not be able to keep the host scanning. Units: milliseconds. */
const SENT_NEWS_MS_MIN = 60_000;

/** What of a report is told at once: that the filter stands, by what, and what it refuses. */
const standingNews = (report: Result<EgressReport, string>): string =>
  report.ok ? JSON.stringify([report.value.applied, Object.entries(report.value.profiles).map(([profile, { filter, trouble, flows }]) => [profile, filter, trouble, flows.map(({ id, effect, enforced }) => [id, effect, enforced])])]) : report.error;

/** What of it is told soon: that somebody sends where nobody should, or had not sent before. */
const sentNews = (report: Result<EgressReport, string>): string =>
  report.ok ? JSON.stringify(Object.entries(report.value.profiles).map(([profile, { flows, undeclared, unlocated }]) => [profile, unlocated > 0, flows.map(({ id, destinations, plaintextDestinations }) => [id, destinations > 0, plaintextDestinations > 0]), undeclared.map(({ network, protocol, port }) => `${network} ${protocol} ${port}`).sort()])) : '';

/** How the filter stands, as far as the agent knows; null where no policy enforces anything here. */
export type EgressStanding = { readonly installed: boolean; readonly report: Result<EgressReport, string> } | null;

/** Tells the keeper of the packet filter what policy and consent say, and asks it what it applied and saw. Where the host has no keeper it does nothing. */
export class EgressFollower {
  #report: Result<EgressReport, string>;
  #asking: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #news = { standing: '', sent: '', sentAtMs: Number.NEGATIVE_INFINITY };
  readonly #listeners: (() => void)[] = [];

  constructor(
    private readonly settings: Pick<AgentSettings, 'egressSocket'>,
    private readonly state: AgentState,
    private readonly log: Logger,
  ) {
    this.#report = err(settings.egressSocket === undefined ? 'this host has no keeper of a packet filter; see docs/egress.md' : 'the keeper of the packet filter was not asked yet');
  }

  /** Called when the filter does another thing than before, or saw what it had not seen. */
  onNews(listener: () => void): void {
    this.#listeners.push(listener);
  }

  start(): void {
    if (this.settings.egressSocket === undefined) return;
    this.#timer = setInterval(() => void this.follow(), ASK_MS);
    void this.follow();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#asking;
  }

  /** What the keeper said last, or why it said nothing. */
  get standing(): EgressStanding {
    const enforces = this.state.bundle?.transmission.rules?.some(({ mode }) => mode === 'enforce') === true;
    return enforces ? { installed: this.settings.egressSocket !== undefined, report: this.#report } : null;
  }

  /** Tells the keeper what stands now; resolves when the filter stands by it, or it is known why not. What changes while a call is under way is told by one more, and whoever waits, waits for that one. Never rejects. */
  follow(): Promise<void> {
    const path = this.settings.egressSocket;
    if (path === undefined) return Promise.resolve();
    if (this.#asking === null) return (this.#asking = this.#ask(path).finally(() => (this.#asking = null)));
    return (this.#next ??= this.#asking.then(() => {
      this.#next = null;
      return this.follow();
    }));
  }

  /** Adds to what was measured what the filter saw. */
  addTo(observation: Observation): Observation {
    const rules = this.state.bundle?.transmission.rules?.filter(({ profile }) => profile === observation.profile) ?? [];
    if (rules.length === 0) return observation;
    if (!this.#report.ok) return { ...observation, egress: unknown(this.#report.error) };
    const seen = this.#report.value.profiles[observation.profile];
    if (seen === undefined) return { ...observation, egress: unknown("the accounts of the product are not on this host, or its profile is not the keeper's") };
    const flows = observation.flows.map((flow) => {
      const one = seen.flows.find(({ id }) => id === flow.id);
      if (one === undefined || seen.filter === 'failed') return flow;
      return { ...flow, possible: known(one.effect === 'allowed' || !one.enforced, SOURCE), observed: one.located ? known({ connections: one.destinations, encrypted: one.plaintextDestinations === 0 }, SOURCE) : unknown('nobody says where it goes, so that what was sent cannot be told to be of it') };
    });
    return { ...observation, flows, egress: known(seen, SOURCE) };
  }

  #task(): EgressTask {
    return {
      schema: 'mailwarden/egress-task/v1',
      bundle: this.state.signedBundle,
      entries: [...this.state.signedConsent.values()],
      agreements: Object.fromEntries([...this.state.observations.values()].map(({ profile, agreements }) => [profile, agreements.map(({ id, textSha256 }) => ({ id, textSha256 }))])),
    };
  }

  async #ask(path: string): Promise<void> {
    this.#report = await callKeeper(path, this.#task());
    const [standing, sent, nowMs] = [standingNews(this.#report), sentNews(this.#report), performance.now()];
    const isSentNew = sent !== this.#news.sent && nowMs - this.#news.sentAtMs >= SENT_NEWS_MS_MIN;
    if (standing === this.#news.standing && !isSentNew) return;
    this.#news = isSentNew ? { standing, sent, sentAtMs: nowMs } : { ...this.#news, standing };
    if (this.#report.ok) this.log.info({ refused: this.#report.value.refused.length, profiles: Object.keys(this.#report.value.profiles) }, 'the packet filter changed, or saw something new');
    else this.log.warn({ reason: this.#report.error }, 'the packet filter is not kept');
    for (const listener of this.#listeners) listener();
  }
}
