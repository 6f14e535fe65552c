import type { LimitKind, StoreKind } from '@mailwarden/contracts';
import type { ProfileId, StoreId } from '@mailwarden/kernel';
import type { ProductTool } from './tool.js';

/** Id of a page in the profile's `sources`, so that each fact says where it comes from. */
export type SourceId = string;

/** How one value is read on the host. Paths are absolute below the host root. */
export type Probe =
  | { readonly kind: 'file-key'; readonly file: string; readonly format: 'key-value' | 'words' | 'ini' | 'xml' | 'json' | 'yaml'; readonly key: string }
  | { readonly kind: 'file-hash'; readonly file: string }
  | { readonly kind: 'file-exists'; readonly file: string }
  /** `account`: one of the profile's, whose rights the program runs with; null for those of whoever measures. */
  | { readonly kind: 'command'; readonly command: readonly string[]; readonly account: string | null; readonly parser: 'first-line' | 'key-value' | 'json'; readonly key: string | null; readonly timeoutSeconds: number }
  | { readonly kind: 'sql'; readonly database: Database; readonly query: string }
  /** The process that a PID file names, or the main process of a unit of systemd. */
  | { readonly kind: 'process'; readonly by: { readonly pidFile: string } | { readonly unit: string }; readonly value: 'started-at' | 'core-limit' }
  /** Version of an installed package, from the package manager's own records. */
  | { readonly kind: 'package'; readonly name: string }
  | { readonly kind: 'sysctl'; readonly name: string };

/** A probe with what its raw text means. */
export interface Reading {
  readonly probes: readonly Probe[];
  /** Raw text to meaning, as `{ "1": "on" }`; raw text stays as it is where null. */
  readonly values: Readonly<Record<string, string>> | null;
  /** What stands before and behind the value in the raw text, as `ClamAV ` and `/`; null where the text is the value. */
  readonly after: string | null;
  readonly until: string | null;
  /** Factor from the raw number to bytes or records, as 1048576 for a file that says MiB. */
  readonly factor: number;
  readonly source: SourceId | null;
}

export interface Variable {
  readonly reading: Reading | null;
  readonly default: string;
}

/** Where a product's table lives. A host's own settings file may point to another place (see `HostSettings`). */
export type Database = ServerDatabase | SqliteDatabase | RedisDatabase;

export interface ServerDatabase {
  readonly engine: 'postgresql' | 'mariadb';
  /** PostgreSQL: the folder of the socket. MariaDB: the socket itself. */
  readonly socket: string;
  readonly name: string;
  readonly user: string;
}

export interface SqliteDatabase {
  readonly engine: 'sqlite';
  readonly name: string;
  /** Glob-free path of the file. */
  readonly file: string;
}

/** A Redis server: by its socket, or on the loopback of the host that is scanned. */
export interface RedisDatabase {
  readonly engine: 'redis';
  readonly name: string;
  readonly socket: string | null;
  readonly port: number | null;
  /** Number of the database within the server. */
  readonly index: number;
}

export interface Relation {
  readonly database: ServerDatabase | SqliteDatabase;
  /** Schema-qualified, letters, digits and underscores alone: it enters SQL quoted. */
  readonly relation: string;
  /** Unique column that the rows are deleted by. */
  readonly keyColumn: string;
  readonly timeColumn: string;
  /** What the time column holds: a moment as the database knows it, or a number since 1970. */
  readonly timeUnit: 'timestamp' | 'unix-seconds' | 'unix-milliseconds';
  /** For pairs: the column that holds the file's path below the store's folder. */
  readonly fileColumn: string | null;
}

/** Lists in Redis, each entry one record. */
export interface RecordLists {
  readonly database: RedisDatabase;
  /** Glob of Redis over the keys of the lists. */
  readonly keys: string;
  /** How an entry is written; `opaque` where its time cannot be read. */
  readonly encoding: 'json' | 'json-zstd' | 'opaque';
  /** Member of an entry that says when it was written, in seconds since 1970. */
  readonly timeField: string | null;
}

/** What of a product lies in the log of the system. */
export interface SystemLog {
  /** Names that the product writes there, as `postfix/*`; `*` stands for anything but a space. */
  readonly programs: readonly string[];
  /** The switch that sends it there, and the values that mean so; null where it always does. */
  readonly when: { readonly setting: string; readonly values: readonly string[] } | null;
}

export interface DocumentedLimit {
  readonly kind: LimitKind;
  /** Units: those of the kind. */
  readonly value: number;
  /** As the source wrote it. */
  readonly written: string;
  readonly effect: 'delete-oldest' | 'stop-writing';
  readonly source: SourceId;
}

export type StorageDuration =
  | { readonly kind: 'indefinite'; readonly source: SourceId }
  | { readonly kind: 'until-restart'; readonly source: SourceId }
  | { readonly kind: 'age'; readonly seconds: number; readonly written: string; readonly source: SourceId }
  | { readonly kind: 'not-stated' };

export interface Protection {
  /** Accounts that may read or write; null where the vendor says nothing. */
  readonly accounts: readonly string[] | null;
  readonly groups: readonly string[];
  readonly source: SourceId | null;
}

/** How the log that is being written is set aside. */
export type RotateActive =
  | { readonly by: 'reopen-signal'; readonly signal: 'HUP' | 'USR1' | 'USR2'; readonly process: { readonly pidFile: string } | { readonly unit: string }; readonly source: SourceId }
  | { readonly by: 'reopen-command'; readonly command: readonly string[]; readonly timeoutSeconds: number; readonly source: SourceId }
  /** `loses` says in words what may be lost between the copy and the cut. */
  | { readonly by: 'copy-truncate'; readonly loses: string; readonly source: SourceId };

export interface Store {
  readonly id: StoreId;
  /** Heading of the row in the vendor's table. */
  readonly section: string;
  readonly kind: StoreKind;
  /** Page that states the row: its directories and data types. */
  readonly source: SourceId | null;
  /** Directory as the vendor's page prints it; null where it does not say. */
  readonly statedDirectories: readonly string[] | null;
  /** Globs over bytes, absolute below the host root, `${variable}` allowed; first store in file order that matches owns a file. */
  readonly files: readonly string[];
  readonly exclude: readonly string[];
  /** Log kind: the file that is being written, never deleted. */
  readonly active: readonly string[];
  /** Null where that file is never touched. */
  readonly rotateActive: RotateActive | null;
  /** Globs of folders that are one item each, with all that lies below. */
  readonly units: readonly string[];
  /** The product's own program that deletes; null where files are deleted as files. */
  readonly tool: ProductTool | null;
  /** Each file is one message with its headers. */
  readonly messages: boolean;
  readonly rows: Relation | null;
  readonly lists: RecordLists | null;
  readonly systemLog: SystemLog | null;
  /** Rows of a record file are lines. */
  readonly lineRecords: boolean;
  readonly dataCategories: readonly string[] | null;
  readonly duration: StorageDuration;
  readonly limits: readonly DocumentedLimit[];
  readonly configuredLimits: readonly { readonly kind: 'bytes' | 'records' | 'age'; readonly reading: Reading }[];
  readonly protection: Protection;
  readonly clock: 'modified' | 'changed' | 'recorded';
  /** Whether rotation may delete from it at all; false for configuration, memory. */
  readonly rotatable: boolean;
  /** Files younger than this are never touched. Units: seconds. */
  readonly quietPeriodSeconds: number;
  readonly notes: readonly { readonly text: string; readonly source: SourceId }[];
}

export interface Agreement {
  readonly id: string;
  readonly title: string;
  readonly gates: readonly string[];
  readonly text: Reading | null;
  readonly accepted: Reading | null;
  readonly acceptedVersion: Reading | null;
  readonly answerFile: Reading | null;
  readonly source: SourceId;
}

export interface Flow {
  readonly id: string;
  readonly title: string;
  readonly dataCategories: readonly string[] | null;
  readonly recipient: string | null;
  readonly requires: readonly string[];
  readonly endpoints: readonly { readonly host: string; readonly ports: readonly number[] }[] | null;
  readonly encrypted: boolean | null;
  readonly enabled: Reading | null;
  readonly source: SourceId;
}

export interface LicenceState {
  readonly id: string;
  readonly title: string;
  readonly consequence: string;
  readonly stopsDatabaseUpdates: boolean | null;
  readonly stopsScanning: boolean | null;
  readonly source: SourceId | null;
}

/** One product's data handling for a range of its versions. */
export interface Profile {
  readonly id: ProfileId;
  readonly product: { readonly name: string; readonly vendor: string; readonly versions: string };
  readonly version: Reading | null;
  readonly sources: Readonly<Record<SourceId, { readonly title: string; readonly url: string | null; readonly date: string | null; readonly kind: 'vendor-page' | 'product-export' | 'integration-script' | 'general' }>>;
  readonly accounts: { readonly service: string; readonly others: readonly string[]; readonly groups: readonly string[]; readonly source: SourceId | null };
  readonly services: readonly string[];
  readonly serviceStart: Reading | null;
  readonly variables: Readonly<Record<string, Variable>>;
  readonly stores: readonly Store[];
  /** Named switches: `dumps`, `trace`, ... with the state the vendor documents as default. */
  readonly switches: Readonly<Record<string, { readonly reading: Reading; readonly default: string | null; readonly source: SourceId | null; /** The row of the statement that shows it. */ readonly store?: StoreId }>>;
  readonly ksn: { readonly reading: Reading; readonly states: Readonly<Record<string, 'off' | 'basic' | 'extended' | 'private'>> } | null;
  readonly agreements: readonly Agreement[];
  readonly flows: readonly Flow[];
  readonly licence: { readonly status: Reading | null; readonly kind: Reading | null; readonly expiresAt: Reading | null; readonly states: readonly LicenceState[] };
}

/**
 * What only this host knows, from `etc/mailwarden/host.yaml` below the host root: where the product's tables really are.
 * Read only when owned by root (or by the running account) and not writable by others.
 */
export interface HostSettings {
  /** Servers by the database name of the profile: a host's name, its address or the path of a socket. An empty user is the profile's, and the port 0 the engine's own. */
  readonly databases: Readonly<Record<string, { readonly host: string; readonly port: number; readonly name: string; readonly user: string; readonly passwordFile: string | null; readonly passwordBelow?: string }>>;
  /** Files of SQLite by the database name of the profile, as paths below the host's root. */
  readonly databaseFiles?: Readonly<Record<string, string>>;
  /** `this` where the kernel that runs a scan serves this root as well, as for a tree that a process of this host writes. A root that is not `/` is otherwise taken for that of another machine. */
  readonly kernel?: 'this';
  /** False where data outside every declared store is not to be looked for. */
  readonly lookForUndeclared?: boolean;
  /** Folders below the host's root that are not looked into for such data. */
  readonly undeclaredExcluded?: readonly string[];
}
