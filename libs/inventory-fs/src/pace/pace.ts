import { readPressure, type Pressure } from './pressure.js';
import { Debt, restPerWork, slowdownUnder } from './rest.js';

/** Share of one core that a scan takes where nothing else is said. Units: percent. */
export const DEFAULT_CPU_PERCENT = 20;
/** The kernel's figures are averages over ten seconds: looking oftener shows nothing new. Units: milliseconds. */
const PRESSURE_LOOK_MS = 1_000;

/** How fast a scan may go. Plain data, so that it can be posted to a thread. */
export interface PaceSettings {
  /**
   * Share of one core, and of the time of one disk, for the whole scan. 100 or more: as fast as it goes on so many cores.
   * Time at work is what counts, also while it waits for a disk: whoever waits for a disk keeps it busy. What the rest of the process takes of a core meanwhile counts as well. Units: percent.
   */
  readonly cpuPercent: number;
  /** When the scan is to stop and say that it is not complete; null for never. Units: milliseconds since 1970. */
  readonly deadlineMs: number | null;
  /** Whether rests grow while the mail server stalls on processor, disk or memory. */
  readonly yieldsToPressure: boolean;
}

/** Neither rests nor ends: for a scan that somebody waits for. */
export const FULL_SPEED: PaceSettings = { cpuPercent: Number.MAX_SAFE_INTEGER, deadlineMs: null, yieldsToPressure: false };

/** Tells one thread of a scan when to rest, and when to stop. */
export interface Pace {
  /** How long to rest after a stretch of work, before the next one; often 0. Ask after each stretch, the shorter the smoother. Units: milliseconds, of wall time. */
  restAfter(busyMs: number): number;
  /** True once the scan's window has ended. */
  readonly over: boolean;
}

/** Clock and kernel, as a pace needs them. */
export interface PaceSurroundings {
  /** Wall clock. Units: milliseconds since 1970. */
  readonly now: () => number;
  /** Clock that nobody sets. Units: milliseconds. */
  readonly ticks: () => number;
  readonly pressure: () => Pressure;
  /** Processor time of the whole process so far, with all its threads. Units: milliseconds. */
  readonly processorMs: () => number;
}
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
const THIS_HOST: PaceSurroundings = { now: Date.now, ticks: () => performance.now(), pressure: readPressure, processorMs };

/**
 * The pace of one thread of a scan that has so many threads: together they keep the budget.
 * The window is measured from here by a clock that nobody sets, so that a host whose time jumps neither ends a scan nor keeps it for ever.
 */
export function makePace(settings: PaceSettings, threads = 1, surroundings: PaceSurroundings = THIS_HOST): Pace {
  const debt = new Debt();
  const endTicks = settings.deadlineMs === null ? Number.POSITIVE_INFINITY : surroundings.ticks() + settings.deadlineMs - surroundings.now();
  let perWork = restPerWork(settings.cpuPercent, threads, 1);
  let lookTicks = Number.NEGATIVE_INFINITY;
  let takenMs = surroundings.processorMs();
  return {
    restAfter(busyMs) {
      const ticks = surroundings.ticks();
      if (settings.yieldsToPressure && ticks - lookTicks >= PRESSURE_LOOK_MS) {
        lookTicks = ticks;
        perWork = restPerWork(settings.cpuPercent, threads, slowdownUnder(surroundings.pressure(), settings.cpuPercent));
      }
      // Threads of the engine tidy up behind this one, and they take the same cores.
      const before = takenMs;
      takenMs = surroundings.processorMs();
      return Math.min(debt.after(Math.max(busyMs, (takenMs - before) / threads), perWork), Math.max(0, endTicks - ticks));
    },
    get over() {
      return surroundings.ticks() >= endTicks;
    },
  };
}
