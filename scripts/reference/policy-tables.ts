import type { z } from 'zod';
import { holdForm, retentionForm, telemetryForm, transmissionForm } from '../../libs/policy/src/policy-form.js';
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
  mode: 'Only `enforce` deletes. With `observe` what is over a limit is a finding; `ask` does the same in this version',
  limits: 'At least one of `bytes`, `records` and `age`; each is judged by itself',
  target: 'Down to how much of the limit a rotation goes',
  clock: 'Which moment says how old an item is; a store with recorded times keeps its own',
  keep: '`newest` items and those `younger-than` a time are kept, whatever the limit says',
  bounds: 'Most that one order may delete: `items`, `bytes`, `percent` of the store, and its `deadline`. Above any of them it stops before the first deletion',
};
const HOLD: Meanings<typeof holdForm> = {
  ...COMMON,
  stores: 'Stores that are held, as `profile/store` or `"*/store"`',
  from: 'Items from this moment on, in UTC with milliseconds; `null` means from the beginning',
  until: 'Items up to this moment; `null` means without end',
};
const TRANSMISSION: Meanings<typeof transmissionForm> = { ...COMMON, 'fail-closed': 'Whether what is not known to be permitted counts as forbidden. It travels to the agents in their bundle; no part of this version acts on it' };
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
    ['transmission', fieldTable(transmissionForm, TRANSMISSION)],
    ['telemetry', fieldTable(telemetryForm, TELEMETRY)],
  ]);
