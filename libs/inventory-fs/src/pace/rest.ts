import { PRESSURE_KINDS, type Pressure, type PressureKind } from './pressure.js';

/** Rests are paid in pieces, so that no rest is too short to be one. Units: milliseconds. */
export const REST_MS_MIN = 5;
/** After this long work goes on, whatever is still owed: a scan always goes on. Units: milliseconds. */
export const REST_MS_MAX = 5_000;
/** What one stretch of work counts for at most. A longer one waited for a disk that did not answer, and took nothing from anybody meanwhile. Units: milliseconds. */
export const STRETCH_MS_MAX = 2_000;
/** A budget below this would never end a scan. Units: percent of one core. */
export const CPU_PERCENT_MIN = 1;
/** How often a rest is made at most, of what the budget alone asks for. */
export const SLOWDOWN_MAX = 8;

/**
 * Pressure from which on a scan gives way, beyond what the scan may cause itself. Units: percent of time in which some task stalled.
 * Processor: on a busy mail server some task often waits its turn for moments, which hurts nobody. Disk: a queue that waits for its disk delivers late.
 * Memory: reading folders costs page cache, and where a host stalls on memory at all that is soon too much.
 */
export const PRESSURE_PERCENT: Readonly<Record<PressureKind, number>> = { cpu: 25, io: 10, memory: 5 };
/** So much pressure above the threshold doubles the rests. Units: percent of time. */
const DOUBLING_PERCENT = 10;
/** A scan is forgiven no more pressure than this, whatever its budget. Units: percent of time. */
const OWN_PERCENT_MAX = 50;
/** A scan that rests nothing by its budget rests as one that may take this much, once the host is under pressure. Units: percent of one core. */
const UNPACED_PERCENT = 90;

/** Pressure that a scan of this budget can be the cause of: it stalls on disk and processor at most while it works, and hardly on memory. */
const ownPressure = (kind: PressureKind, cpuPercent: number): number => (kind === 'memory' ? 0 : Math.min(cpuPercent, OWN_PERCENT_MAX));

/** By how much rests grow under this pressure: 1 where there is none, or none is known. */
export function slowdownUnder(pressure: Pressure, cpuPercent: number): number {
  const beyond = PRESSURE_KINDS.map((kind) => (pressure[kind] ?? 0) - PRESSURE_PERCENT[kind] - ownPressure(kind, cpuPercent));
  return Math.min(SLOWDOWN_MAX, 2 ** Math.max(0, Math.max(...beyond) / DOUBLING_PERCENT));
}

/** Rest that one millisecond of work asks for, where `cpuPercent` of one core is shared by so many threads. */
export function restPerWork(cpuPercent: number, threads: number, slowdown: number): number {
  const budget = Math.max(CPU_PERCENT_MIN, cpuPercent) / threads;
  if (budget >= 100) return slowdown > 1 ? (100 / UNPACED_PERCENT - 1) * slowdown : 0;
  return (100 / budget - 1) * slowdown;
}

/** What a thread owes for its work, and pays in rests. Units: milliseconds. */
export class Debt {
  #owedMs = 0;

  /** The rest to make now for a stretch of work: 0 while too little is owed. */
  after(busyMs: number, perWork: number): number {
    this.#owedMs += Math.min(Math.max(0, busyMs), STRETCH_MS_MAX) * perWork;
    if (this.#owedMs < REST_MS_MIN) return 0;
    const restMs = Math.min(this.#owedMs, REST_MS_MAX);
    this.#owedMs -= restMs;
    return restMs;
  }
}
