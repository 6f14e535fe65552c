import { readGuarded } from '@mailwarden/config';
import { z } from 'zod';

/** Names the settings file. */
export const FORWARDER_SETTINGS_VARIABLE = 'MAILWARDEN_FORWARDER_SETTINGS';

const absolute = z.string().startsWith('/', 'must be an absolute path');
const clientIdentity = { cert: absolute.optional(), key: absolute.optional() };
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

const syslogReceiver = z.strictObject({
  kind: z.literal('syslog'),
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535).default(6514),
  /** Authority that the receiver's certificate must come from; the system's own where none is named. */
  ca: absolute.optional(),
  /** Name that the certificate must have, where it is not the host. */
  serverName: z.string().min(1).optional(),
  ...clientIdentity,
  /** What was written counts as received when the connection has stood for so long afterwards: the protocol knows no answer. */
  settleMs: z.number().int().min(0).max(10_000).default(250),
});

const httpReceiver = z.strictObject({
  kind: z.literal('http'),
  url: z.url({ protocol: /^https?$/ }),
  /** `lines`: one event a line; `array`: one JSON array. CEF goes as lines. */
  body: z.enum(['lines', 'array']).default('lines'),
  ca: absolute.optional(),
  ...clientIdentity,
  /** File with the value of the header `Authorization`, read anew for each request. */
  authorizationFile: absolute.optional(),
  /** From the first byte sent to the last byte of the answer. */
  timeoutMs: z.number().int().min(100).max(300_000).default(15_000),
});

/** Settings of one forwarder, which serves one receiver. Paths are absolute. */
export const forwarderSettings = z
  .strictObject({
    bus: z.strictObject({ url: z.string().min(1), ca: absolute, creds: absolute, name: z.string().regex(/^siem-[a-z0-9-]{1,63}$/, 'must be the name of the credential, as siem-main') }),
    /** Public keys of the services: what they did not sign is put aside. */
    trust: absolute,
    /** Where numbers that were seen and messages that were put aside are kept. */
    stateDir: absolute,
    format: z.enum(['mailwarden', 'ocsf', 'cef']),
    receiver: z.discriminatedUnion('kind', [syslogReceiver, httpReceiver]),
    batchMessages: z.number().int().min(1).max(500).default(100),
    /** The longest pause between two tries. */
    retryMsMax: z.number().int().min(100).max(600_000).default(30_000),
    logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  })
  .superRefine(({ receiver, format }, context) => {
    const wrong = (path: string, message: string): void => context.addIssue({ code: 'custom', path: ['receiver', path], message });
    if ((receiver.cert === undefined) !== (receiver.key === undefined)) wrong(receiver.cert === undefined ? 'cert' : 'key', 'a client certificate needs both cert and key');
    if (receiver.kind !== 'http' || !URL.canParse(receiver.url)) return;
    const { protocol, hostname } = new URL(receiver.url);
    if (protocol === 'http:' && receiver.authorizationFile !== undefined && !LOOPBACK.has(hostname)) wrong('url', 'a secret is sent over https only; use https or leave authorizationFile out');
    if (format === 'cef' && receiver.body === 'array') wrong('body', 'CEF is no JSON; use lines');
  });
export type ForwarderSettings = z.output<typeof forwarderSettings>;
export type SyslogReceiverSettings = z.output<typeof syslogReceiver>;
export type HttpReceiverSettings = z.output<typeof httpReceiver>;

const SETTINGS_BYTES_MAX = 65_536;

function parsedJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${file} is not JSON`);
  }
}

/** Errors: throws once, with the file and everything that is wrong with it. */
export async function loadForwarderSettings(file: string | undefined): Promise<ForwarderSettings> {
  if (file === undefined || file === '') throw new Error(`${FORWARDER_SETTINGS_VARIABLE} names no settings file; docs/siem.md shows one`);
  const text = await readGuarded(file, SETTINGS_BYTES_MAX);
  if (text === null) throw new Error(`${file} does not exist`);
  const parsed = forwarderSettings.safeParse(parsedJson(file, text));
  if (!parsed.success) throw new Error(`${file} is not right:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
