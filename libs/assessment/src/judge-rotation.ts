import type { Store } from '@mailwarden/catalogue';
import type { AssessedFinding, BundleRule, LimitKind, Observation, RotationRule, StoreObservation } from '@mailwarden/contracts';
import { epochMsOf, formatByteCount, formatDuration } from '@mailwarden/kernel';
import { measuredFor } from '@mailwarden/rotation';
import { statedLimits } from './stated-limits.js';

/** Products rotate in steps: only so far above its limit is a store sure not to have been rotated. */
const ABOVE_FACTOR = 1.1;
/** A job that runs a little late is not late. */
const LATE_FACTOR = 2;

const SOURCE_MAX = 200;
const MESSAGE_MAX = 500;
const amountOf = (kind: LimitKind, value: number): string => (kind === 'bytes' ? formatByteCount(value) : `${Math.round(value)} ${kind === 'records' ? 'records' : 'items'}`);

/** Kinds of limit at which the product itself deletes the oldest. An age is no such limit: nothing says how often the product looks. */
const rotatedKinds = (store: Store): LimitKind[] => [...new Set(store.limits.filter(({ effect, kind }) => effect === 'delete-oldest' && kind !== 'age').map(({ kind }) => kind))];

const isEnforced = (rules: readonly BundleRule[], kind: LimitKind | null): boolean => rules.some(({ mode, watermarks }) => mode === 'enforce' && (kind === null || watermarks.some((watermark) => watermark.kind === kind)));

/** Where the vendor's pages disagree and no setting decides, only the largest of their limits is sure to have been passed. */
function surelyRotatesAt(store: Store, observed: StoreObservation, kind: LimitKind): { value: number; written: string; source: string } | null {
  const stated = statedLimits(store, observed, []).filter((limit) => limit.kind === kind);
  const configured = stated.filter(({ origin }) => origin === 'configured');
  return (configured.length > 0 ? configured : stated).toSorted((a, b) => b.value - a.value)[0] ?? null;
}

function notTriggered(store: Store, observed: StoreObservation, rules: readonly BundleRule[], nowMs: number): AssessedFinding[] {
  return rotatedKinds(store).flatMap((kind): AssessedFinding[] => {
    const limit = surelyRotatesAt(store, observed, kind);
    const value = measuredFor({ kind }, observed, nowMs);
    if (limit === null || value === null || value <= limit.value * ABOVE_FACTOR || isEnforced(rules, kind)) return [];
    return [
      {
        code: 'rotation-absent',
        severity: 'medium',
        store: store.id,
        subject: kind,
        message: `${store.section} should lose its oldest at ${limit.written} and holds ${amountOf(kind, value)}: it does not rotate`.slice(0, MESSAGE_MAX),
        advice: "find out why: the product's own rotation is off or broken",
        source: limit.source.slice(0, SOURCE_MAX),
      },
    ];
  });
}

/** Whether rules that could not be read may be those that rotate it. */
const RULES_UNREAD = 'rules that rotate it';

function grows(store: Store, observed: StoreObservation, rules: readonly BundleRule[]): AssessedFinding[] {
  const holds = observed.items.known && observed.items.value > 0;
  const ruled = observed.rotationRules === undefined || observed.rotationRules.length > 0 || observed.unknown.some(({ what }) => what === RULES_UNREAD);
  if (store.kind !== 'log' || !holds || ruled || rotatedKinds(store).length > 0 || isEnforced(rules, null)) return [];
  return [
    {
      code: 'rotation-absent',
      severity: 'medium',
      store: store.id,
      subject: 'no rule',
      message: `no rule of logrotate, tmpfiles or journald takes ${store.section} in, and the vendor names no rotation: it grows without end`.slice(0, MESSAGE_MAX),
      advice: 'write a rule of logrotate for it, or a retention policy',
      source: 'the rules of the host',
    },
  ];
}

/** A limit that should have triggered and did not, and a log that nothing rotates. */
export const absentRotation = (store: Store, observed: StoreObservation, rules: readonly BundleRule[], nowMs: number): AssessedFinding[] => [...notTriggered(store, observed, rules, nowMs), ...grows(store, observed, rules)];

function late(store: Store, { tool, source, lastRanAt, everySeconds }: RotationRule, nowMs: number): AssessedFinding[] {
  if (!lastRanAt.known || everySeconds === null) return [];
  const agoSeconds = (nowMs - epochMsOf(lastRanAt.value)) / 1000;
  if (agoSeconds <= LATE_FACTOR * everySeconds) return [];
  return [
    {
      code: 'rotation-late',
      severity: 'medium',
      store: store.id,
      subject: `${tool} ${source}`.slice(0, 120),
      message: `${tool} should have rotated ${store.section} every ${formatDuration(everySeconds)} and last did ${formatDuration(agoSeconds)} ago`.slice(0, MESSAGE_MAX),
      advice: tool === 'logrotate' ? 'look at its timer and its record: systemctl list-timers, /var/lib/logrotate/status' : 'look at its timer: systemctl list-timers',
      source: source.slice(0, SOURCE_MAX),
    },
  ];
}

/** Jobs of the host that have not run when they should have. */
export const lateRotation = (store: Store, { rotationRules }: StoreObservation, nowMs: number): AssessedFinding[] => (rotationRules ?? []).flatMap((rule) => late(store, rule, nowMs));

/** A log that goes, or went, to the log of the system. Where the profile says that this is its place, it is no finding. */
export function logElsewhere(store: Store, { inSystemLog }: StoreObservation, { settings }: Pick<Observation, 'settings'>): AssessedFinding[] {
  if (store.systemLog === null || (store.systemLog.when === null && store.files.length === 0)) return [];
  const { when } = store.systemLog;
  const setting = when === null ? undefined : settings[when.setting];
  const isSent = when !== null && setting?.known === true && when.values.includes(String(setting.value));
  const found = inSystemLog?.known === true && inSystemLog.value.lines > 0 ? inSystemLog : null;
  if (!isSent && found === null) return [];
  const lies = found === null ? 'no line of it was found there' : `${found.value.lines} lines (${formatByteCount(found.value.bytes)}) lie there`;
  return [
    {
      code: 'log-elsewhere',
      severity: 'info',
      store: store.id,
      subject: '',
      message: `${isSent ? `${when.setting} sends ${store.section} to the log of the system` : `the log of the system holds lines of ${store.section}`}; ${lies}`.slice(0, MESSAGE_MAX),
      advice: 'judge the log of the system like the store itself: who may read it, and how long it is kept',
      source: (found?.source ?? (setting?.known === true ? setting.source : undefined) ?? 'the logs of the system').slice(0, SOURCE_MAX),
    },
  ];
}
