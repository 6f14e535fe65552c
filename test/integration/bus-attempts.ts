import { readFile } from 'node:fs/promises';
import { BUCKETS, CONSUMERS, orderConsumer, STREAMS, subjects, subscriberConsumer } from '@mailwarden/contracts';
import { connect, credsAuthenticator, PermissionViolationError, type NatsConnection } from '@nats-io/transport-node';

/** A connection as a thief of the credential would make it: no reconnecting, any inbox. */
export async function breakIn(address: { url: string; caFile: string; credsFile: string; inboxPrefix?: string }): Promise<NatsConnection> {
  const { url, caFile, credsFile, inboxPrefix } = address;
  return connect({ servers: url, authenticator: credsAuthenticator(await readFile(credsFile)), tls: { caFile }, reconnect: false, ...(inboxPrefix === undefined ? {} : { inboxPrefix }) });
}

/** Refused for certain, so that its refusal tells that all those before it were seen. */
const SENTINEL = 'nobody.may.ever';

/** Subjects among `tried` that the broker did not refuse. Its refusals come in the order of the attempts. */
async function passed(bus: NatsConnection, operation: 'publish' | 'subscription', tried: readonly string[], attempt: (subject: string) => void): Promise<string[]> {
  const refused = new Set<string>();
  const seenAll = (async () => {
    for await (const status of bus.status()) {
      if (status.type !== 'error' || !(status.error instanceof PermissionViolationError) || status.error.operation !== operation) continue;
      if (status.error.subject === SENTINEL) return;
      refused.add(status.error.subject);
    }
  })();
  for (const subject of [...tried, SENTINEL]) attempt(subject);
  await bus.flush();
  await seenAll;
  return tried.filter((subject) => !refused.has(subject));
}

export const publishable = (bus: NatsConnection, tried: readonly string[]): Promise<string[]> => passed(bus, 'publish', tried, (subject) => bus.publish(subject, ''));

export const subscribable = (bus: NatsConnection, tried: readonly string[], queue?: string): Promise<string[]> =>
  passed(bus, 'subscription', tried, (subject) => bus.subscribe(subject, { ...(queue === undefined ? {} : { queue }), callback: () => undefined }));

const SERVERS = ['mx-1', 'mx-2', '*', '>'] as const;
const STREAM_NAMES = [...Object.keys(STREAMS), ...Object.values(BUCKETS).map(({ name }) => `KV_${name}`), '*'];
const CONSUMER_NAMES = [...Object.keys(CONSUMERS), ...['mx-1', 'mx-2'].map((server) => orderConsumer(server).name), ...['main', 'other'].map((name) => subscriberConsumer(name, 'EVENTS').name), 'of-our-own', '*'];
const STREAM_VERBS = ['STREAM.CREATE', 'STREAM.UPDATE', 'STREAM.DELETE', 'STREAM.PURGE', 'STREAM.INFO', 'STREAM.SNAPSHOT', 'STREAM.RESTORE', 'STREAM.MSG.GET', 'STREAM.MSG.DELETE', 'STREAM.PEER.REMOVE', 'STREAM.LEADER.STEPDOWN', 'CONSUMER.CREATE', 'CONSUMER.LIST', 'CONSUMER.NAMES', 'DIRECT.GET'];
const CONSUMER_VERBS = ['CONSUMER.CREATE', 'CONSUMER.DURABLE.CREATE', 'CONSUMER.DELETE', 'CONSUMER.INFO', 'CONSUMER.MSG.NEXT', 'CONSUMER.PAUSE', 'CONSUMER.LEADER.STEPDOWN', 'CONSUMER.UNPIN'];

const ofServers = SERVERS.flatMap((server) => [subjects.observation(server), subjects.heartbeat(server), subjects.receipt(server), subjects.attestation(server), subjects.order(server), subjects.renew(server), subjects.enrol(server), `mw.subject-request.${server}`]);
const ofServices = ['reporting', 'rotation', 'consent', '*'].flatMap((service) => [subjects.evidence(service), subjects.dead(`${service}-observations`), subjects.replay(`${service}-observations`)]);
const ofAll = [subjects.event('agent.silent', 'high', 'mx-1'), 'mw.ocsf.2003.high.mx-1', subjects.api('consent', 'decide'), subjects.api('consent', 'overview'), subjects.api('rotation', 'policies'), 'mw.mirror.siem.x', 'mw.anything', 'rubbish'];
const entries = ['bundle', 'consent', 'fleet'].flatMap((bucket) => ['mx-1', 'mx-2', 'organisation', 'group.role.mx', '*', '>'].map((key) => `$KV.${bucket}.${key}`));
const reads = ['bundle', 'consent', 'fleet'].flatMap((bucket) => ['mx-1', 'mx-2', 'organisation', 'group.role.mx'].map((key) => `$JS.API.DIRECT.GET.KV_${bucket}.$KV.${bucket}.${key}`));
const api = [
  ...['INFO', 'STREAM.LIST', 'STREAM.NAMES', 'ACCOUNT.PURGE.x', 'META.LEADER.STEPDOWN', 'SERVER.REMOVE'].map((verb) => `$JS.API.${verb}`),
  ...STREAM_NAMES.flatMap((stream) => STREAM_VERBS.map((verb) => `$JS.API.${verb}.${stream}`)),
  ...STREAM_NAMES.flatMap((stream) => CONSUMER_NAMES.flatMap((consumer) => CONSUMER_VERBS.map((verb) => `$JS.API.${verb}.${stream}.${consumer}`))),
];
const words = STREAM_NAMES.flatMap((stream) => CONSUMER_NAMES.flatMap((consumer) => [`$JS.ACK.${stream}.${consumer}.1.1.1.1.0`, `$JS.FC.${stream}.${consumer}.x`]));
const imported = ['control.JS.API.CONSUMER.CREATE.EVENTS', 'control.JS.API.CONSUMER.CREATE.EVENTS.of-our-own', 'control.JS.API.STREAM.DELETE.EVENTS'];
const system = ['$SYS.REQ.SERVER.PING', '$SYS.REQ.SERVER.PING.CONNZ', '$SYS.REQ.CLAIMS.UPDATE', '$SYS.REQ.CLAIMS.DELETE', '$SYS.REQ.ACCOUNT.x.CONNZ', '$SYS.REQ.USER.INFO', '$SYS.ACCOUNT.x.DISCONNECT', '$SYS._INBOX.x'];
const inboxes = ['_INBOX.mx-1.x', '_INBOX.mx-2.x', '_INBOX.x', '_R_.x.y', '_GR_.x.y.z', '$JSC.R.x'];

/** Everything that can be said on the bus, in right names and wrong ones. */
export const EVERY_PUBLISH: readonly string[] = [...ofServers, ...ofServices, ...ofAll, ...entries, ...reads, ...api, ...words, ...imported, ...system, ...inboxes];
/** Everything that can be listened to. */
export const EVERY_SUBSCRIPTION: readonly string[] = [
  ...ofServers, ...ofServices, ...ofAll, ...entries, ...inboxes, ...system, ...imported,
  '>', '*', '*.*', '*.>', 'mw.>', 'mw.*.mx-1', 'mw.event.>', 'mw.ocsf.>', 'mw.dead.>', '$KV.>', '$KV.bundle.>', '$KV.consent.>', '$KV.*.mx-1', '$JS.>', '$JS.API.>', '$JS.ACK.>', '$JS.EVENT.>', '$SYS.>', '_INBOX.>', '_INBOX.*.>', '_INBOX.mx-1.>', '_INBOX.mx-2.>', '_R_.>', '*.mx-1.>', '_INBOX.*.x',
];
