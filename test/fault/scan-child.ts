import { observed, type ScanTerms, type Stores } from '../integration/hostile-host.js';

/** What a process of its own is to measure. */
export interface ChildScan {
  readonly root: string;
  readonly stores: Stores;
  readonly more?: readonly string[];
  readonly terms: ScanTerms;
}

/** Measures once, prints the observation, and ends as any program does: by having nothing left to do. */
const { root, stores, more = [], terms } = JSON.parse(process.argv[2] ?? '{}') as ChildScan;
console.log(JSON.stringify(await observed(root, stores, more, terms)));
