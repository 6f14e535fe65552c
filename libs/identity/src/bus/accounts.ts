import { EVENT_MIRROR, orderConsumer, WILDCARDS } from '@mailwarden/contracts';
import type { Export, Import, UserPermissionsLimits } from '@nats-io/jwt';

/** The accounts of the bus. Source: decision 0003. */
export type AccountName = 'SYS' | 'CONTROL' | 'AGENTS' | 'SIEM';

const service = (name: string, subject: string, responseType: Export['response_type'] = 'Singleton'): Export => ({ name, subject, type: 'service', response_type: responseType });
const stream = (name: string, subject: string): Export => ({ name, subject, type: 'stream' });

/** What agents may say into the control account: messages of their own, a pull of their own orders, reads of their own entries. */
const FROM_AGENTS: readonly Export[] = [
  service('observations', 'mw.observation.*'),
  service('heartbeats', 'mw.heartbeat.*'),
  service('receipts', 'mw.receipt.*'),
  service('attestations', 'mw.attestation.*'),
  service('pull of orders', '$JS.API.CONSUMER.MSG.NEXT.ORDERS.*', 'Stream'),
  service('acknowledgement of orders', '$JS.ACK.ORDERS.>'),
  service('read of bundles', '$JS.API.DIRECT.GET.KV_bundle.$KV.bundle.*'),
  service('read of consent', '$JS.API.DIRECT.GET.KV_consent.$KV.consent.>'),
  service('renewal of credentials', WILDCARDS.renew),
];
/** What a server may say that is not enrolled yet. The broker tells from where. */
const FROM_NEW_SERVERS: readonly Export[] = [service('enrolment', WILDCARDS.enrol)];
const TO_AGENTS: readonly Export[] = [stream('bundles', '$KV.bundle.*'), stream('consent', '$KV.consent.>')];

const FROM_SIEM: readonly Export[] = [
  service('mirror of events', '$JS.API.CONSUMER.CREATE.EVENTS'),
  service('mirror of events by name', '$JS.API.CONSUMER.CREATE.EVENTS.>'),
  service('flow of the mirror', '$JS.FC.EVENTS.>'),
];
const TO_SIEM: readonly Export[] = [stream('events', 'mw.event.>'), stream('mirrored events', `${EVENT_MIRROR.deliver}.>`)];

export const CONTROL_EXPORTS: readonly Export[] = [...FROM_AGENTS, ...FROM_NEW_SERVERS, ...TO_AGENTS, ...FROM_SIEM, ...TO_SIEM];

const imported = (account: string, { name, subject, type }: Export, localSubject?: string): Import => ({ name, subject, type, account, ...(localSubject === undefined ? {} : { local_subject: localSubject }) });

export const agentsImports = (control: string): Import[] => [...[...FROM_AGENTS, ...TO_AGENTS].map((item) => imported(control, item)), ...FROM_NEW_SERVERS.map((item) => ({ ...imported(control, item), share: true }))];
export const siemImports = (control: string): Import[] =>
  [...FROM_SIEM, ...TO_SIEM].map((item) => imported(control, item, item.subject.startsWith('$JS.API.') ? item.subject.replace('$JS.API', EVENT_MIRROR.api) : undefined));

/** Most that one credential may listen to; an agent needs a few dozen, a subscriber one for each consumer. A flood of subscriptions ends here and not in the broker's memory. */
const SUBSCRIPTIONS_MAX = 500;
const BOUNDED = { subs: SUBSCRIPTIONS_MAX, data: -1, payload: -1, bearer_token: false } as const;
const permit = (pub: string[], sub: string[]): Partial<UserPermissionsLimits> => ({ ...BOUNDED, allowed_connection_types: [], src: [], times: [], pub: { allow: pub, deny: [] }, sub: { allow: sub, deny: [] } });

/** Name of one agent's user on the bus; also the name of its consumer of orders, so that the template can bind both. */
export const agentUser = (server: string): string => orderConsumer(server).name;

/** Template of every agent's permissions: a whole token at a time is filled in from the user's name and its `server` tag. */
export const AGENT_TEMPLATE = permit(
  [
    'mw.observation.{{tag(server)}}',
    'mw.heartbeat.{{tag(server)}}',
    'mw.receipt.{{tag(server)}}',
    'mw.attestation.{{tag(server)}}',
    '$JS.API.CONSUMER.MSG.NEXT.ORDERS.{{name()}}',
    '$JS.ACK.ORDERS.{{name()}}.>',
    '$JS.API.DIRECT.GET.KV_bundle.$KV.bundle.{{tag(server)}}',
    '$JS.API.DIRECT.GET.KV_consent.$KV.consent.>',
    'mw.renew.{{tag(server)}}',
  ],
  ['_INBOX.{{tag(server)}}.>', '$KV.bundle.{{tag(server)}}', '$KV.consent.>'],
);

/** Whoever has a token may ask to be enrolled by it, and hears the answer; the name of the user is the token's id. */
export const ENROLMENT_TEMPLATE = permit(['mw.enrol.{{name()}}'], ['_INBOX.{{name()}}.>']);

/** In the system account: new tokens of accounts are brought to the broker, and nothing else. */
export const KEEPER_OF_ACCOUNTS = permit(['$SYS.REQ.CLAIMS.UPDATE'], ['_INBOX.>']);

/** A subscriber reads events and keeps consumers of its own on its account's copy of them; it can publish nothing else. */
export const SIEM_TEMPLATE = permit(
  [
    '$JS.API.INFO',
    '$JS.API.STREAM.NAMES',
    '$JS.API.STREAM.INFO.EVENTS',
    '$JS.API.CONSUMER.CREATE.EVENTS',
    '$JS.API.CONSUMER.CREATE.EVENTS.>',
    '$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.>',
    '$JS.API.CONSUMER.INFO.EVENTS.>',
    '$JS.API.CONSUMER.LIST.EVENTS',
    '$JS.API.CONSUMER.NAMES.EVENTS',
    '$JS.API.CONSUMER.DELETE.EVENTS.>',
    '$JS.API.CONSUMER.MSG.NEXT.EVENTS.>',
    '$JS.API.DIRECT.GET.EVENTS',
    '$JS.API.DIRECT.GET.EVENTS.>',
    '$JS.ACK.EVENTS.>',
    '$JS.FC.EVENTS.>',
  ],
  ['mw.event.>', '_INBOX.>'],
);
