import { openSigned, signedEnrolmentAnswer, SIGNING_CONTEXTS, type EnrolmentOutcome, type EnrolmentRequest, type EnrolmentToken } from '@mailwarden/contracts';
import { credentialText, makeSealingKey, openSealed, signerOfUserKey } from '@mailwarden/identity/enrolment';
import { instantOf, type ProfileId, type ServerName } from '@mailwarden/kernel';
import { askToEnrol } from '@mailwarden/messaging/enrolment';
import { EnrolmentFailure } from './enrolment-failure.js';
import type { OwnKeys } from './own-keys.js';

/** What a server is given when it is let in. */
export type Enrolled = Omit<Extract<EnrolmentOutcome, { state: 'enrolled' }>, 'hashKey'> & { readonly hashKey: Uint8Array };
type Asked = Enrolled | Exclude<EnrolmentOutcome, { state: 'enrolled' }>;

/** Asks once. Safety: an answer counts when the token's reporting service signed it, for this server's key. Errors: `EnrolmentFailure` with what to do. */
export async function askOnce(token: EnrolmentToken, urls: readonly string[], server: ServerName, profiles: readonly ProfileId[], keys: OwnKeys): Promise<Asked> {
  const box = makeSealingKey();
  const payload: EnrolmentRequest = { schema: 'mailwarden/enrolment-request/v1', token: token.id, server, profiles: [...profiles], agentKey: keys.agent.publicKey, executorKey: keys.executor.publicKey, busKey: keys.busKey, sealingKey: box.sealing, at: instantOf(Date.now()) };
  const sign = (by: { sign(context: string, payload: unknown): string }): string => by.sign(SIGNING_CONTEXTS.enrolmentRequest, payload);
  const request = { payload, signatures: { token: sign(signerOfUserKey(token.seed)), agent: sign(keys.agent), executor: sign(keys.executor), bus: sign(keys.bus) } };
  const bytes = await askToEnrol({ token: token.id, urls, ca: token.ca, credentials: credentialText(token.jwt, token.seed) }, Buffer.from(JSON.stringify(request))).catch((cause: unknown) => {
    throw unreachable(urls, cause);
  });
  const opened = openSigned(JSON.parse(Buffer.from(bytes).toString('utf8')), { schema: signedEnrolmentAnswer, context: SIGNING_CONTEXTS.enrolmentAnswer, publicKey: token.trust.reporting });
  if (!opened.ok) throw new EnrolmentFailure('the answer is not of the control plane that made the token', 'do not go on; have a look at who answers on that address');
  const { payload: answer } = opened.value;
  if (answer.token !== token.id || answer.server !== server || answer.agentKey !== keys.agent.publicKey) throw new EnrolmentFailure('the answer is to another request', 'try again');
  if (answer.outcome.state !== 'enrolled') return answer.outcome;
  const hashKey = openSealed(box.opening, SIGNING_CONTEXTS.enrolmentAnswer, Buffer.from(answer.outcome.hashKey, 'base64url'));
  if (hashKey === null) throw new EnrolmentFailure('the sealed part of the answer does not open', 'try again');
  return { ...answer.outcome, hashKey };
}

function unreachable(urls: readonly string[], cause: unknown): EnrolmentFailure {
  const said = cause instanceof Error ? cause.message : String(cause);
  const where = urls.join(', ');
  if (/authorization|authentication|revoked|expired/i.test(said)) return new EnrolmentFailure(`the bus at ${where} does not take this token`, 'it has run out or was taken back; have a new one made with: mailwarden enrol token', { cause });
  if (/certificate|self.signed|altnames/i.test(said)) return new EnrolmentFailure(`what answers at ${where} is not the bus of this token: ${said}`, 'check the address; the certificate names the addresses that it is for', { cause });
  if (/no responders/i.test(said)) return new EnrolmentFailure('the bus answers, and the reporting service does not', 'see that the control plane runs, then try again', { cause });
  return new EnrolmentFailure(`the bus at ${where} cannot be reached: ${said}`, 'check the address and the firewall, then try again', { cause });
}
