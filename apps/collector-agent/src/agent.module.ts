import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { loadHostSettings, loadTrust } from '@mailwarden/config';
import { agentSource } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity/signing-key';
import { connectAgentBus, openSpool } from '@mailwarden/messaging/agent-side';
import type { Logger } from '@mailwarden/observability';
import { openTracer } from '@mailwarden/tracing';
import type { AgentSettings } from './agent-settings.js';
import { AgentState } from './agent-state.js';
import { Agent, CONNECT_BUS, Enforcement, Followers, Observers, TRACER } from './agent.js';
import { agentRun } from './beat/agent-run.js';
import { Heart } from './beat/heart.js';
import { AwaitedAccounts } from './carry-out-orders/awaited-accounts.js';
import { ExecutorDesk } from './carry-out-orders/executor-desk.js';
import { OrderTaker } from './carry-out-orders/order-taker.js';
import { ReceiptSender } from './carry-out-orders/receipt-sender.js';
import { OfflineRules } from './enforce-offline/offline-rules.js';
import { ConsentFollower } from './follow-consent/consent-follower.js';
import { EgressFollower } from './follow-egress/egress-follower.js';
import { BundleFollower } from './follow-policy/bundle-follower.js';
import { Contact } from './follow-policy/contact.js';
import { TextTeller } from './follow-texts/text-teller.js';
import { Outbox } from './forward-messages/outbox.js';
import { LastKnown } from './keep-last-known/last-known.js';
import { UndeclaredLook } from './look-for-undeclared/undeclared-look.js';
import { chosenProfiles } from './measure-stores/chosen-profiles.js';
import { Scanner } from './measure-stores/scanner.js';
import { CredentialRenewal } from './renew-credential/credential-renewal.js';
import { UnfinishedOrders } from './settle-unfinished/unfinished-orders.js';
import { StoreWatch } from './watch-stores/store-watch.js';

const provide = <T>(token: abstract new (...args: never[]) => T, value: T): Provider => ({ provide: token, useValue: value });

/** Composition root: the only place where the agent's parts meet. */
@Module({})
export class AgentModule {
  static async compose(settings: AgentSettings, log: Logger): Promise<DynamicModule> {
    const trust = await loadTrust(settings.trust);
    const signer = await loadSigner(settings.signingKey);
    const host = { settings: await loadHostSettings(settings.root), hashKey: await readFile(settings.hashKeyFile) };
    const profiles = await chosenProfiles(settings, host.settings);
    const tracer = await openTracer({ service: 'collector-agent', endpoint: settings.otlpEndpoint, ratio: settings.traceRatio, onFailure: (cause) => log.warn({ err: cause }, 'traces are not taken by their receiver') });
    const spool = await openSpool({
      dir: join(settings.spoolDir, 'outbox'),
      bytesMax: settings.spoolBytesMax,
      signer,
      source: agentSource(settings.server),
    });
    const lastKnown = await LastKnown.open(settings.spoolDir);
    const state = new AgentState();
    const egress = new EgressFollower(settings, state, log);
    const outbox = new Outbox(spool, log);
    const desk = new ExecutorDesk(settings, state);
    const receipts = new ReceiptSender(settings, state, outbox, log);
    const now = (): number => performance.now();
    const contact = new Contact(now);
    const offline = new OfflineRules(settings, { state, contact, lastKnown, now }, desk, receipts, log);
    const accounts = await AwaitedAccounts.open(lastKnown, log);
    const unfinished = new UnfinishedOrders({ desk, accounts, receipts }, (id) => offline.isAskedFor(id), log);
    const scanner = new Scanner(settings, profiles, host, state, outbox, log, tracer);
    const connect = () =>
      connectAgentBus({ url: settings.natsUrl, credsFile: settings.creds, caFile: settings.ca, server: settings.server });
    return {
      module: AgentModule,
      providers: [
        provide(BundleFollower, new BundleFollower(settings, trust, state, lastKnown, log)),
        provide(ConsentFollower, new ConsentFollower(settings, trust, state, lastKnown, outbox, { profiles, egress }, log)),
        provide(TextTeller, new TextTeller(settings, trust, profiles, outbox, log)),
        provide(OrderTaker, new OrderTaker(settings, trust, { desk, accounts, receipts }, log, tracer)),
        provide(CredentialRenewal, new CredentialRenewal(settings, trust, signer, log)),
        provide(Enforcement, new Enforcement(desk, receipts, contact, offline, unfinished)),
        provide(EgressFollower, egress),
        provide(Scanner, scanner),
        provide(StoreWatch, new StoreWatch(settings, profiles, host.settings, scanner, log)),
        provide(UndeclaredLook, new UndeclaredLook(settings, profiles, host.settings, log)),
        Observers,
        provide(Heart, new Heart(settings, signer, state, outbox, await agentRun(settings.root, host.hashKey))),
        provide(Outbox, outbox),
        { provide: CONNECT_BUS, useValue: connect },
        { provide: TRACER, useValue: tracer },
        Followers,
        Agent,
      ],
    };
  }
}
