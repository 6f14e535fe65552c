import type { z } from 'zod';
import { accessForm, holdForm, retentionForm, telemetryForm, transmissionForm } from '../../libs/policy/src/policy-form.js';
import { fieldTable } from './field-table.js';

type Meanings<F extends z.ZodObject> = Readonly<Record<keyof z.output<F> & string, string>>;

const COMMON = {
  schema: 'Always `mailwarden/policy/v1`',
  name: 'Name of the policy, unlike that of every other',
  reason: 'Why it exists; shown wherever it acts',
  servers: 'Labels that a server must all have, as `{ role: mx }`; empty means every server',
  except: 'List of labels: a server that has all of one entry is left out',
  kind: 'Which kind of policy it is',
};

const RETENTION: Meanings<typeof retentionForm> = {
  ...COMMON,
  stores: 'Stores as `profile/store`, or `"*/store"` for those of every profile',
  categories: 'Or: every store that may hold one of these [data categories](data-categories.md)',
  mode: 'Only `enforce` deletes. With `observe` what is over a limit is a finding; `ask` waits until people have approved',
  limits: 'At least one of `bytes`, `records`, `age`, `inodes` and `free-space` (percent of the file system that stays free); each is judged by itself, and the first that is passed counts',
  target: 'Down to how much of the limit a rotation goes. Space to be kept free is a floor: the rotation goes as much above it',
  clock: 'Which moment says how old an item is; a store with recorded times keeps its own',
  keep: '`newest` items and those `younger-than` a time are kept, whatever the limit says',
  bounds: 'Most that one order may delete: `items`, `bytes`, `percent` of the store, and its `deadline`. Above any of them it stops before the first deletion. With `per`, what earlier orders deleted in so long counts too',
  exclude: 'Patterns from the root of the host: what they match is never deleted',
  window: 'When orders may begin: `days` as `[ mon-fri ]`, `from`, `to` and `timezone`; a window may run over midnight',
  grace: 'What is to go is marked for so long first, and told; it can be released until then',
  approvals: 'With `ask`: how many people must approve',
  rollout: '`waves` of servers, as `[ { canary: "true" }, 5 %, 100 % ]`; `soak` time of each; `at-once` (`most` orders `per` value of labels); `stop-on` what stops it by itself: `failures`, `skipped`, `deleted` (beside what was foretold), `slower` (times)',
  pace: 'Most `items` and `bytes` a second',
  overwrite: 'Whether what a file held is written over before its name goes. Means nothing on SSDs and on storage that copies on write; the receipt says so',
  orphans: 'What becomes of halves of pairs whose other half is gone: `keep`, or `delete` when they are old enough',
  offline: 'Whether a host may carry the policy out by itself while no control plane can be heard',
};
const HOLD: Meanings<typeof holdForm> = {
  ...COMMON,
  stores: 'Stores that are held, as `profile/store`, `"*/store"`, or `"*"` for every one',
  from: 'Items from this moment on, in UTC with milliseconds; `null` means from the beginning',
  until: 'Items up to this moment; `null` means without end',
  messages: 'Message-IDs: only these letters are held. A store whose items do not tell which letter they are is then held whole',
  'asked-by': 'Who asked for it',
  expires: 'When the hold itself ends; `null` means when it is released',
};
const ACCESS: Meanings<typeof accessForm> = {
  ...COMMON,
  stores: 'Stores that it is about, as `profile/store` or `"*/store"`',
  accounts: 'Accounts that may get in beside those of the profile',
  groups: 'Groups all of whose members may as well',
  mode: 'With `observe` what lets others in is a finding; `enforce` permits its repair',
};
const TRANSMISSION: Meanings<typeof transmissionForm> = {
  ...COMMON,
  flows: 'Flows that it is about, as `profile/flow`, `"*/flow"`, or `"*"` for every one',
  mode: "With `observe` what was sent is remembered and told; with `enforce` the host's packet filter refuses what consent does not cover",
  'fail-closed': 'True: a flow is refused unless every agreement that it needs is granted. False: only where one is refused, or its grant has ended',
  endpoints: 'Where flows go of which the vendor does not say, each with `flow`, `host` (a name, an address or a prefix) and `ports`',
  everything: 'Whether a flow without any endpoint is refused by refusing all that its accounts send but mail',
  relays: 'Addresses and prefixes to which nothing is ever refused',
  lift: 'Break-glass: `until` this moment the policy refuses nothing, for a `reason`',
};
const TELEMETRY: Meanings<typeof telemetryForm> = { ...COMMON, 
  'scan-interval': 'Time between two scans, from 1 second to 1 day; of several policies the shortest counts',
  'scan-cpu': "Most of one core, and of the disk's time, that a scan may take, from 1 % to 100 %; of several policies the smallest counts. Where none says, the agent's own setting counts",
  'scan-window': 'After so long a scan stops, says that it is not complete, and the next one goes on from there; from 1 second to 1 day; of several policies the shortest counts',
};

/** Tables of the page about policies. */
export const policyTables = (): ReadonlyMap<string, readonly string[]> =>
  new Map([
    ['retention', fieldTable(retentionForm, RETENTION)],
    ['hold', fieldTable(holdForm, HOLD)],
    ['access', fieldTable(accessForm, ACCESS)],
    ['transmission', fieldTable(transmissionForm, TRANSMISSION)],
    ['telemetry', fieldTable(telemetryForm, TELEMETRY)],
  ]);
