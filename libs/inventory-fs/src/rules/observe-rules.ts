import type { Profile, Store, SystemLog } from '@mailwarden/catalogue';
import type { StoreObservation } from '@mailwarden/contracts';
import { known, unknown, type Measured } from '@mailwarden/kernel';
import type { Host } from '../host.js';
import { hostRules, type HostRules } from './host-rules.js';
import { rulesOfStore } from './store-rules.js';
import { followSystemLog, scanBudget, type FoundInLogs } from './system-log.js';

/** The host's rules, and what lies in the system's logs of each store that may write there. Read once for a scan. */
export interface RuleFacts {
  readonly rules: HostRules;
  readonly logs: ReadonlyMap<string, FoundInLogs>;
}

/** Said of a gap in the system's logs, and of one in the rules; the assessment knows these words. */
const IN_LOGS = 'part of the system log';
const IN_RULES = 'rules that rotate it';
const UNKNOWN_MAX = 32;
const WHY_MAX = 500;
const NOT_USED = { files: [], journal: false };

const writesToSystem = (store: Store): store is Store & { readonly systemLog: SystemLog } => store.systemLog !== null;

export async function ruleFacts(host: Host, { stores }: Pick<Profile, 'stores'>): Promise<RuleFacts> {
  const rules = await hostRules(host);
  const [logs, budget] = [new Map<string, FoundInLogs>(), scanBudget()];
  for (const store of stores.filter(writesToSystem)) logs.set(store.id, await followSystemLog(host, store, rules, budget));
  return { rules, logs };
}

/** Stores that nothing can rotate: what is in memory has no file, a table no path. */
const hasFiles = (store: Store): boolean => store.files.length > 0 && store.kind !== 'memory';

/** Adds to the observation of a store what the host's own rules say of it, and what of it lies in the logs of the system. */
export function withRules(observed: StoreObservation, store: Store, { rules, logs }: RuleFacts): StoreObservation {
  const found = logs.get(store.id);
  if (!hasFiles(store) && found === undefined) return observed;
  const governing = rulesOfStore(rules, store, found?.used ?? NOT_USED);
  // Where rules are found, one that could not be read matters little; where none is, it may be the one.
  const unreadRules = store.kind === 'log' && governing.length === 0 ? rules.unread : [];
  const gaps = [
    ...unreadRules.map(({ source, why }) => ({ what: IN_RULES, why: `${source}: ${why}` })),
    ...(found?.gaps ?? []).map((why) => ({ what: IN_LOGS, why })),
  ].map(({ what, why }) => ({ what, why: why.slice(0, WHY_MAX) }));
  return {
    ...observed,
    ...(found !== undefined && !hasFiles(store) ? amountsIn(found) : {}),
    ...(found === undefined ? {} : { inSystemLog: found.inSystemLog }),
    rotationRules: governing,
    unknown: [...observed.unknown, ...gaps].slice(0, UNKNOWN_MAX),
  };
}

/** A store that has no files of its own is what lies in the system's logs. */
function amountsIn({ inSystemLog: found, newestAt }: FoundInLogs): Partial<StoreObservation> {
  const mapped = <T>(of: (value: Extract<typeof found, { known: true }>['value']) => T): Measured<T> => (found.known ? known(of(found.value), found.source) : unknown(found.reason));
  const bytes = mapped((value) => value.bytes);
  return { present: found.known && found.value.lines > 0, items: mapped((value) => value.lines), bytesApparent: bytes, bytesAllocated: bytes, oldestAt: mapped((value) => value.oldestAt), newestAt: mapped(() => newestAt) };
}
