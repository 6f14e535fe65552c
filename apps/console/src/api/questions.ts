import type { MeView } from '@mailwarden/contracts';
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call } from './call.js';
import { missing } from './failure.js';
import { keepCsrfToken } from './session.js';

type Filter = Readonly<Record<string, string | undefined>>;

/** Files of the worker's folder change without a word of an operator. Units: milliseconds. */
const POLICIES_EVERY_MS = 30_000;
/** Marks become due and requests lapse by time alone. Units: milliseconds. */
const WAITING_EVERY_MS = 30_000;
/** Hosts answer an exact plan within seconds. Units: milliseconds. */
const EXACT_EVERY_MS = 1_000;
/** Rows of a plan that are read before a change. */
const PLAN_ROWS = 50;

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** An address with a broken id leads nowhere; asking the service would only bring back how ids are written. */
export function wholeId(id: string, what: string): string {
  if (ID.test(id)) return id;
  throw missing(`There is no ${what} of this id.`);
}

const signedIn = async (signal: AbortSignal): Promise<MeView> => {
  const me = await call('me', { signal });
  keepCsrfToken(me.csrf);
  return me;
};

export const meQuestion = queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => signedIn(signal) });
export const fleetQuestion = queryOptions({ queryKey: ['fleet'], queryFn: ({ signal }) => call('fleet', { signal }) });
export const serverQuestion = (name: string) => queryOptions({ queryKey: ['server', name], queryFn: ({ signal }) => call('server', { params: { name }, signal }) });
export const findingQuestion = (id: string) => queryOptions({ queryKey: ['finding', id], queryFn: ({ signal }) => call('finding', { params: { id: wholeId(id, 'finding') }, signal }) });
export const rotationQuestion = (id: string) => queryOptions({ queryKey: ['rotation', id], queryFn: ({ signal }) => call('rotation', { params: { id: wholeId(id, 'rotation') }, signal }) });
export const policiesQuestion = queryOptions({ queryKey: ['policies'], queryFn: ({ signal }) => call('policies', { signal }), refetchInterval: POLICIES_EVERY_MS });
export const policyHistoryQuestion = (name: string) => queryOptions({ queryKey: ['history', name], queryFn: ({ signal }) => call('policyHistory', { params: { name }, signal }) });
/** What a policy text would change, and its mistakes. The answer to the text before stays until the next has come, so that nothing jumps while somebody types. */
export const checkQuestion = (documents: readonly string[]) => queryOptions({ queryKey: ['check', documents], queryFn: ({ signal }) => call('checkPolicies', { body: { documents, remove: [] }, signal }), placeholderData: keepPreviousData });
/** What policies would delete, from recorded state; `documents` null for the policy as it stands. */
export const planQuestion = (documents: readonly string[] | null, policy: string | null) => queryOptions({ queryKey: ['plan', documents, policy], queryFn: ({ signal }) => call('planPolicies', { body: { documents, policy, server: null, rows: PLAN_ROWS }, signal }), placeholderData: keepPreviousData });
/** What hosts have answered to exact plans; asked again until each has answered or its order has expired. */
export const exactPlansQuestion = (orders: readonly string[]) => queryOptions({ queryKey: ['exact', orders], queryFn: ({ signal }) => call('exactPlans', { body: { orders }, signal }), refetchInterval: ({ state }) => (state.data?.orders.every(({ receipt, expired }) => receipt !== null || expired) === true ? false : EXACT_EVERY_MS) });
export const waitingQuestion = queryOptions({ queryKey: ['waiting'], queryFn: ({ signal }) => call('waiting', { signal }), refetchInterval: WAITING_EVERY_MS });
export const consentsQuestion = queryOptions({ queryKey: ['consents'], queryFn: ({ signal }) => call('consents', { signal }) });

/** A proposal never changes: it is asked for once. */
export const proposalQuestion = (id: string) => queryOptions({ queryKey: ['proposal', id], queryFn: ({ signal }) => call('proposal', { params: { id }, signal }), staleTime: Infinity });
/** A text never changes: it is asked for once. */
export const agreementTextQuestion = (agreement: string, sha256: string) => queryOptions({ queryKey: ['text', agreement, sha256], queryFn: ({ signal }) => call('agreementText', { params: { agreement, sha256 }, signal }), staleTime: Infinity });
export const consentAtQuestion = (at: string, knownAt: string | null) => queryOptions({ queryKey: ['consent-at', at, knownAt], queryFn: ({ signal }) => call('consentAt', { query: { at, 'known-at': knownAt ?? undefined }, signal }), placeholderData: keepPreviousData });

/** Long lists: rows that are shown stay until the ones of the next filter have come. */
export const findingsQuestion = (filter: Filter) =>
  infiniteQueryOptions({
    queryKey: ['findings', filter],
    queryFn: ({ signal, pageParam }) => call('findings', { query: { ...filter, after: pageParam ?? undefined }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  });
export const rotationsQuestion = (filter: Filter) =>
  infiniteQueryOptions({
    queryKey: ['rotations', filter],
    queryFn: ({ signal, pageParam }) => call('rotations', { query: { ...filter, after: pageParam ?? undefined }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  });
export const eventsQuestion = (filter: Filter) =>
  infiniteQueryOptions({
    queryKey: ['events', filter],
    queryFn: ({ signal, pageParam }) => call('events', { query: { ...filter, after: pageParam ?? undefined }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  });
