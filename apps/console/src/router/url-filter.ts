import { EVENT_NAMES, FINDING_CODES, FINDING_STATES, type EventName, type FindingCode, type FindingView } from '@mailwarden/contracts';
import { NAME_PATTERN, SEVERITIES, type Severity } from '@mailwarden/kernel';

/** What stands after the question mark of an address. Whatever is not understood is left out, so that an old or broken link still opens. */
export type UrlSearch = Readonly<Record<string, unknown>>;

const oneOf = <T extends string>(allowed: readonly T[], value: unknown): T | undefined => allowed.find((one) => one === value);
const nameIn = (value: unknown): string | undefined => (typeof value === 'string' && NAME_PATTERN.test(value) ? value : undefined);
const textIn = (value: unknown): string | undefined => (typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, 100) : undefined);

/** Without entries that are not set, so that an address stays short. */
function set<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

export interface FindingFilter {
  state?: FindingView['state'] | 'all';
  severity?: Severity;
  server?: string;
  code?: FindingCode;
  store?: string;
}
/** Without a word about it, findings that are open are shown. */
export const findingFilter = (search: UrlSearch): FindingFilter =>
  set({ state: oneOf([...FINDING_STATES, 'all'] as const, search['state']), severity: oneOf(SEVERITIES, search['severity']), server: nameIn(search['server']), code: oneOf(FINDING_CODES, search['code']), store: nameIn(search['store']) });

export interface RotationFilter {
  server?: string;
  store?: string;
}
export const rotationFilter = (search: UrlSearch): RotationFilter => set({ server: nameIn(search['server']), store: nameIn(search['store']) });

export interface EventFilter {
  server?: string;
  event?: EventName;
  severity?: Severity;
}
export const eventFilter = (search: UrlSearch): EventFilter => set({ server: nameIn(search['server']), event: oneOf(EVENT_NAMES, search['event']), severity: oneOf(SEVERITIES, search['severity']) });

export const FLEET_ORDERS = ['state', 'name', 'bytes', 'findings', 'measured'] as const;
export interface FleetFilter {
  find?: string;
  state?: 'in-order' | 'finding' | 'unknown';
  order?: (typeof FLEET_ORDERS)[number];
}
export const fleetFilter = (search: UrlSearch): FleetFilter => set({ find: textIn(search['find']), state: oneOf(['in-order', 'finding', 'unknown'] as const, search['state']), order: oneOf(FLEET_ORDERS, search['order']) });

export const SERVER_TABS = ['statement', 'findings', 'rotations', 'transmission', 'agent'] as const;
export type ServerTab = (typeof SERVER_TABS)[number];
export const serverTab = (search: UrlSearch): { tab?: ServerTab } => set({ tab: oneOf(SERVER_TABS, search['tab']) });

/** Reads and writes the part after the question mark as plain words, so that people can write such an address by hand. */
export const parseSearch = (text: string): Record<string, string> => Object.fromEntries(new URLSearchParams(text));
export function writeSearch(search: UrlSearch): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) if (typeof value === 'string' && value !== '') words.set(name, value);
  const text = words.toString();
  return text === '' ? '' : `?${text}`;
}
