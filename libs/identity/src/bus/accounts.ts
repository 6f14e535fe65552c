import { orderConsumer, SUBSCRIBED_STREAMS, subscriberConsumer, WILDCARDS } from '@mailwarden/contracts';
import type { Export, Import, UserPermissionsLimits } from '@nats-io/jwt';

/** The accounts of the bus, beside one for each subscriber. Source: decisions 0003 and 0030. */
export type AccountName = 'SYS' | 'CONTROL' | 'AGENTS';

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

/** What subscribers may ask about the streams of events: their state, one message of them, and their own consumer on them, which was made for them. */
const FROM_SUBSCRIBERS: readonly Export[] = [
  service('names of streams', '$JS.API.STREAM.NAMES'), // Some clients look for the stream of a subject and cannot be told it.
  ...SUBSCRIBED_STREAMS.flatMap((name) => [
    service(`state of ${name}`, `$JS.API.STREAM.INFO.${name}`),
    service(`message of ${name}`, `$JS.API.DIRECT.GET.${name}`),
    service(`place in ${name}`, `$JS.API.CONSUMER.INFO.${name}.*`),
    service(`pull of ${name}`, `$JS.API.CONSUMER.MSG.NEXT.${name}.*`, 'Stream'),
    service(`acknowledgement of ${name}`, `$JS.ACK.${name}.>`),
  ]),
];
const TO_SUBSCRIBERS: readonly Export[] = [stream('events', WILDCARDS.event), stream('events in OCSF', WILDCARDS.ocsf)];

export const CONTROL_EXPORTS: readonly Export[] = [...FROM_AGENTS, ...FROM_NEW_SERVERS, ...TO_AGENTS, ...FROM_SUBSCRIBERS.filter((item) => !item.subject.startsWith('$JS.API.')), ...TO_SUBSCRIBERS];

const imported = (account: string, { name, subject, type }: Export): Import => ({ name, subject, type, account });

export const agentsImports = (control: string): Import[] => [...[...FROM_AGENTS, ...TO_AGENTS].map((item) => imported(control, item)), ...FROM_NEW_SERVERS.map((item) => ({ ...imported(control, item), share: true }))];
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

/** Name of one subscriber's user on the bus; also the name of its consumers, so that both are bound at once. */
export const subscriberUser = (name: string): string => subscriberConsumer(name, 'EVENTS').name;

/** The subject of an export as one subscriber may use it: of consumers, its own. */
const ofSubscriber = (subject: string, user: string): string => (subject.startsWith(ACKNOWLEDGEMENTS) ? subject.replace('>', `${user}.>`) : subject.replace('*', user));

const REQUESTS = '$JS.API.';
const ACKNOWLEDGEMENTS = '$JS.ACK.';
/** Where requests of one subscriber to JetStream arrive in the control account. Nobody listens there. */
const arrival = (user: string): string => `siem.${user}.`;
const isRequest = ({ subject }: Export): boolean => subject.startsWith(REQUESTS);

/** Requests of subscribers arrive by one name for each, where only those in `subscriberMappings` lead further. */
export const subscriberExports = (users: readonly string[]): Export[] => users.map((user) => service(`requests of ${user}`, `${arrival(user)}>`, 'Stream'));

/** What leads from where requests arrive to JetStream: what each subscriber may ask. */
export const subscriberMappings = (users: readonly string[]): Record<string, { subject: string; weight: number }[]> =>
  Object.fromEntries(
    users.flatMap((user) => FROM_SUBSCRIBERS.filter(isRequest).map((item): [string, { subject: string; weight: number }[]] => {
      const subject = ofSubscriber(item.subject, user);
      return [subject.replace(REQUESTS, arrival(user)), [{ subject, weight: 100 }]];
    })),
  );

/**
 * What crosses into one subscriber's account.
 * A broker answers requests to JetStream of an account that has none with a refusal, beside any answer from elsewhere; only who imports all of them from one place is spared that. So all of them go to one place, and what leads on from there is data.
 */
export const subscriberImports = (control: string, user: string): Import[] => [
  { ...imported(control, service('requests', `${arrival(user)}>`)), local_subject: `${REQUESTS}>` },
  ...FROM_SUBSCRIBERS.filter((item) => !isRequest(item)).map((item) => imported(control, { ...item, subject: ofSubscriber(item.subject, user) })),
  ...TO_SUBSCRIBERS.map((item) => imported(control, item)),
];

/** A subscriber reads events and the state of its own consumers, and says nothing but how far it has read. */
export const subscriberTemplate = (user: string): Partial<UserPermissionsLimits> =>
  permit(
    FROM_SUBSCRIBERS.map(({ subject }) => ofSubscriber(subject, user)),
    [...TO_SUBSCRIBERS.map(({ subject }) => subject), '_INBOX.>'],
  );
