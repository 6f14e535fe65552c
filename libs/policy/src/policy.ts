import type { Bounds, Clock, LimitKind } from '@mailwarden/contracts';
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
}

export interface HoldPolicy {
  readonly kind: 'hold';
  readonly name: string;
  readonly version: Sha256;
  readonly reason: string;
  readonly servers: ServerSelector;
  readonly stores: readonly { readonly profile: string | null; readonly store: string }[];
  readonly from: string | null;
  readonly until: string | null;
}

export interface TransmissionPolicy {
  readonly kind: 'transmission';
  readonly name: string;
  readonly version: Sha256;
  readonly reason: string;
  readonly servers: ServerSelector;
  readonly failClosed: boolean;
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

export type Policy = RetentionPolicy | HoldPolicy | TransmissionPolicy | TelemetryPolicy;
