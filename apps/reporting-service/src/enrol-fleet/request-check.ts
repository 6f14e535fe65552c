import { BlockList, isIP } from 'node:net';
import { ENROLMENT_SKEW_MS_MAX, SIGNING_CONTEXTS, signedEnrolmentRequest, type EnrolmentRequest } from '@mailwarden/contracts';
import { verifyingKeyOf } from '@mailwarden/identity/enrolment';
import { err, ok, verifySignature, type Result, type SignedDocument } from '@mailwarden/kernel';

/** A request that is refused before anything is looked up. */
export interface Refusal {
  readonly code: string;
  readonly detail: string;
}

/**
 * Reads a request and checks that whoever sent it holds every key that it brings. The token's own signature is checked by `isOfToken`, once the token is known.
 * Errors: what is wrong, in words for whoever enrols.
 */
export function openRequest(raw: unknown, token: string, nowMs: number): Result<EnrolmentRequest, Refusal> {
  const parsed = signedEnrolmentRequest.safeParse(raw);
  if (!parsed.success) return err({ code: 'not-understood', detail: 'the request has another form than this version knows; use a program of the same version on both sides' });
  const { payload, signatures } = parsed.data;
  if (payload.token !== token) return err({ code: 'wrong-token', detail: 'the request names another token than the one that it came by' });
  const bus = verifyingKeyOf(payload.busKey);
  const said = (raw as SignedDocument<unknown>).payload;
  const holds = (key: string | null, signature: string): boolean => key !== null && verifySignature(key, SIGNING_CONTEXTS.enrolmentRequest, said, signature);
  if (!holds(payload.agentKey, signatures.agent) || !holds(payload.executorKey, signatures.executor) || !holds(bus, signatures.bus)) return err({ code: 'keys-not-held', detail: 'the request is not signed by every key that it brings' });
  if (payload.agentKey === payload.executorKey) return err({ code: 'keys-not-apart', detail: 'agent and executor have the same key; each needs its own' });
  const apartMs = Math.abs(nowMs - Date.parse(payload.at));
  if (apartMs > ENROLMENT_SKEW_MS_MAX) return err({ code: 'clocks-apart', detail: `the clocks of this server and of the control plane differ by ${Math.round(apartMs / 1000)} s; set the clock, then enrol again` });
  return ok(payload);
}

/** Whether the request was made by the holder of the token's secret, whatever the broker let through. */
export const isOfToken = (raw: unknown, verifyingKey: string): boolean => {
  const { payload, signatures } = raw as { readonly payload: unknown; readonly signatures: { readonly token: string } };
  return verifySignature(verifyingKey, SIGNING_CONTEXTS.enrolmentRequest, payload, signatures.token);
};

/** Whether an address lies in one of the ranges; none means that any will do. An address that nobody knows lies in none. */
export function isAllowedFrom(address: string, ranges: readonly string[]): boolean {
  if (ranges.length === 0) return true;
  const list = new BlockList();
  for (const range of ranges) {
    const [base = '', bits] = range.split('/');
    const family = isIP(base) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(base, family);
    else list.addSubnet(base, Number(bits), family);
  }
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
