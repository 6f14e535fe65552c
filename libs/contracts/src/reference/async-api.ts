import { SEVERITIES } from '@mailwarden/kernel';
import { EVENT_NAMES, type EventName } from '../event.js';
import { eventType } from '../envelope.js';
import { STREAMS } from '../streams.js';
import { EVENT_MEANINGS, eventSchema } from './event-schemas.js';
import type { JsonSchema } from './json-schema.js';

const messageOf = (name: EventName): JsonSchema => ({ name: eventType(name), title: name, summary: EVENT_MEANINGS[name], contentType: 'application/cloudevents+json', payload: { schemaFormat: 'application/schema+json;version=draft-2020-12', schema: eventSchema(name) } });
const channelId = (name: EventName): string => name.replaceAll('.', '-');

/** What a SIEM may subscribe to, as an AsyncAPI 3 document. */
export function asyncApiDocument(): JsonSchema {
  return {
    asyncapi: '3.0.0',
    info: { title: 'Mailwarden events', version: '1', description: `Documented, versioned and replayable: the stream ${STREAMS.EVENTS.name} keeps them ${STREAMS.EVENTS.maxAgeSeconds / 86_400} days. No personal data.` },
    defaultContentType: 'application/cloudevents+json',
    servers: { bus: { host: '127.0.0.1:4222', protocol: 'nats', description: 'Address and credentials: mailwarden status --format json', security: [{ $ref: '#/components/securitySchemes/credentials' }] } },
    channels: Object.fromEntries(
      EVENT_NAMES.map((name) => [
        channelId(name),
        {
          address: `mw.event.${name}.{severity}.{server}`,
          messages: { [channelId(name)]: { $ref: `#/components/messages/${channelId(name)}` } },
          parameters: { severity: { enum: [...SEVERITIES] }, server: { description: 'Name of the server, or `fleet` for what concerns no one server.' } },
        },
      ]),
    ),
    operations: Object.fromEntries(EVENT_NAMES.map((name) => [`on-${channelId(name)}`, { action: 'send', channel: { $ref: `#/channels/${channelId(name)}` }, summary: EVENT_MEANINGS[name] }])),
    components: {
      messages: Object.fromEntries(EVENT_NAMES.map((name) => [channelId(name), messageOf(name)])),
      securitySchemes: { credentials: { type: 'userPassword', description: 'NATS credentials file (JWT and nkey) of the SIEM account, over TLS.' } },
    },
  };
}
