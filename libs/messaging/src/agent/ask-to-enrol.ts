import { connect, credsAuthenticator } from '@nats-io/transport-node';
import { subjects } from '@mailwarden/contracts';

const CONNECT_MS_MAX = 10_000;
const ANSWER_MS_MAX = 15_000;

/** What a token says of the bus, and the credential that it brings. */
export interface EnrolmentAddress {
  readonly token: string;
  readonly urls: readonly string[];
  /** PEM of the authority that the broker's certificate is checked by. */
  readonly ca: string;
  readonly credentials: Uint8Array;
}

/**
 * Sends one request by a token and returns the answer. Safety: the broker is checked by the token's own authority before anything is sent.
 * Errors: rejects when no broker of the token can be reached or believed, does not take the token, or nobody answers in time.
 */
export async function askToEnrol({ token, urls, ca, credentials }: EnrolmentAddress, request: Uint8Array): Promise<Uint8Array> {
  const bus = await connect({ servers: [...urls], name: `enrolment ${token}`, authenticator: credsAuthenticator(credentials), tls: { ca }, timeout: CONNECT_MS_MAX, reconnect: false, inboxPrefix: `_INBOX.${token}` });
  try {
    return (await bus.request(subjects.enrol(token), request, { timeout: ANSWER_MS_MAX })).data;
  } finally {
    await bus.close();
  }
}
