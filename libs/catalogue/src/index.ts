export type { Agreement, Database, DocumentedLimit, Flow, HostSettings, LicenceState, Probe, Profile, Protection, Reading, Relation, SourceId, StorageDuration, Store, Variable } from './profile.js';
