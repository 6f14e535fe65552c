import type { BundleRule, PolicyBundle } from '@mailwarden/contracts';
import type { Foretold, RecordedState } from '@mailwarden/rotation';

/** The newest that is known of one profile's stores on one server. */
export interface Look {
  readonly server: PolicyBundle['server'];
  readonly profile: string;
  readonly startedAtMs: number;
  readonly states: ReadonlyMap<string, RecordedState>;
  readonly bundle: PolicyBundle;
}

/** A rule whose limit a store has passed, with what it would delete. */
export interface OverLimit {
  readonly rule: BundleRule;
  readonly foretold: Foretold;
}
