import type { Bounds, BundleRule, Clock, LimitKind, MaintenanceWindow, Pace } from '@mailwarden/contracts';
import type { Sha256 } from '@mailwarden/kernel';

/** Which servers: every label must be equal, and none of `except` may match. Empty means all. */
export interface ServerSelector {
  readonly labels: Readonly<Record<string, string>>;
  readonly except: readonly Readonly<Record<string, string>>[];
}

/** Operator's rule about how long stores may keep data. Each policy stands alone: no precedence to learn. */
export interface RetentionPolicy {
  readonly kind: 'retention';
  readonly name: string;
  /** SHA-256 of the canonical form of the document. */
  readonly version: Sha256;
  readonly reason: string;
  readonly servers: ServerSelector;
  /** `profile/store` or `*` and a store; or every store that may hold one of these categories. */
  readonly stores: readonly { readonly profile: string | null; readonly store: string }[];
  readonly categories: readonly string[];
  readonly mode: 'observe' | 'ask' | 'enforce';
  readonly limits: readonly { readonly kind: LimitKind; readonly value: number; readonly written: string }[];
  /** Low watermark. Units: percent of each limit. */
  readonly targetPercent: number;
  readonly clock: Clock;
  readonly keep: { readonly newest: number; readonly youngerThanSeconds: number };
  readonly bounds: Bounds;
  readonly exclude: readonly string[];
  readonly window: MaintenanceWindow | null;
  /** Units: seconds; 0 where nothing is marked first. */
  readonly graceSeconds: number;
  /** How many people must agree, in mode `ask`. */
  readonly approvals: number;
  readonly rollout: Rollout | null;
  readonly pace: Pace;
  readonly overwrite: boolean;
  readonly orphans: BundleRule['orphans'];
  readonly offline: boolean;
}

/** Which servers a wave takes in, beside those of the waves before it: those with these labels, or a share of all. Units: percent. */
export type Wave = { readonly kind: 'labels'; readonly labels: Readonly<Record<string, string>> } | { readonly kind: 'share'; readonly percent: number };

/** How a policy reaches its servers, and what stops it. */
export interface Rollout {
  readonly waves: readonly Wave[];
  readonly soakSeconds: number;
  /** Orders under way at once, over all servers with the same values of these labels; null where nothing says so. */
  readonly atOnce: { readonly per: readonly string[]; readonly most: number } | null;
  readonly stopOn: StopOn;
}

/** What a receipt may not exceed without stopping its policy everywhere. */
export interface StopOn {
  /** Receipts that did not end well, in one wave. */
  readonly failures: number;
  /** Planned items that were skipped. Units: percent of the planned. */
  readonly skippedPercent: number;
  /** Deleted, beside what recorded state had foretold. Units: percent. */
  readonly deletedPercent: number;
  /** Time for one item, beside the median of the policy's receipts before. Units: a factor. */
  readonly slowerTimes: number;
}

/** What counts where a policy says nothing of its own. */
export const STOP_ON: StopOn = { failures: 1, skippedPercent: 20, deletedPercent: 150, slowerTimes: 10 };

export interface HoldPolicy {
  readonly kind: 'hold';
  readonly name: string;
  readonly version: Sha256;
  readonly reason: string;
  readonly servers: ServerSelector;
  readonly stores: readonly { readonly profile: string | null; readonly store: string }[];
  /** True for every store of every profile. */
  readonly everyStore: boolean;
  readonly from: string | null;
  readonly until: string | null;
  /** Message-IDs; empty for everything in the span. */
  readonly messages: readonly string[];
  readonly askedBy: string | null;
  /** When the hold itself ends; null for until it is released. */
  readonly expires: string | null;
}

/** Who may get into stores beside those whom the profile names. */
export interface AccessPolicy {
  readonly kind: 'access';
  readonly name: string;
  readonly version: Sha256;
  readonly reason: string;
  readonly servers: ServerSelector;
  readonly stores: readonly { readonly profile: string | null; readonly store: string }[];
  readonly accounts: readonly string[];
  readonly groups: readonly string[];
  readonly mode: 'observe' | 'ask' | 'enforce';
}

export interface TransmissionPolicy {
  readonly kind: 'transmission';
  readonly name: string;
  readonly version: Sha256;
  readonly reason: string;
  readonly servers: ServerSelector;
  /** `profile/flow` or `*` and a flow; empty for every flow of every profile. */
  readonly flows: readonly FlowReference[];
  readonly mode: 'observe' | 'enforce';
  readonly failClosed: boolean;
  /** Where flows go, beside what their profile says. */
  readonly endpoints: readonly { readonly flow: FlowReference; readonly host: string; readonly ports: readonly number[] }[];
  readonly everything: boolean;
  readonly relays: readonly string[];
  readonly liftedUntil: string | null;
}

/** A flow of one profile, or of every profile that has it. */
export interface FlowReference {
  readonly profile: string | null;
  readonly flow: string;
}

export interface TelemetryPolicy {
  readonly kind: 'telemetry';
  readonly name: string;
  readonly version: Sha256;
  readonly reason: string;
  readonly servers: ServerSelector;
  /** How often to look, how much of one core a scan may take, and after how long it stops; null where this policy does not say. */
  readonly scanIntervalSeconds: number | null;
  readonly scanCpuPercent: number | null;
  readonly scanWindowSeconds: number | null;
}

export type Policy = RetentionPolicy | HoldPolicy | AccessPolicy | TransmissionPolicy | TelemetryPolicy;
