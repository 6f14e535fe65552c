import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FULL_SPEED, makePace, type PaceSettings } from './pace.js';
import { pressureIn, readPressure, untoldPressure, type Pressure } from './pressure.js';
import { Debt, PRESSURE_PERCENT, REST_MS_MAX, REST_MS_MIN, restPerWork, SLOWDOWN_MAX, slowdownUnder, STRETCH_MS_MAX } from './rest.js';

const CALM: Pressure = { cpu: 0, io: 0, memory: 0 };
const BUDGET: PaceSettings = { cpuPercent: 20, deadlineMs: null, yieldsToPressure: false };

/** A thread that works in stretches and rests as it is told, on a clock of its own. */
class Thread {
  at = 0;
  wall = 1_000_000;
  pressure = CALM;
  looks = 0;
  taken = 0;
  readonly #work: [from: number, to: number][] = [];
  readonly #pace;
  constructor(settings: PaceSettings, threads = 1) {
    this.#pace = makePace(settings, threads, { now: () => this.wall, ticks: () => this.at, pressure: () => ((this.looks += 1), this.pressure), processorMs: () => this.taken });
  }
  get over(): boolean {
    return this.#pace.over;
  }
  /** Works for one stretch and rests; returns the rest. */
  stretch(busyMs: number): number {
    this.#work.push([this.at, this.at + busyMs]);
    this.at += busyMs;
    const restMs = this.#pace.restAfter(busyMs);
    this.at += restMs;
    return restMs;
  }
  /** Most work within any window of this length. */
  mostWithin(windowMs: number): number {
    return Math.max(...this.#work.map(([start]) => this.#work.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(to, start + windowMs) - Math.max(from, start)), 0)));
  }
}

describe('a budget', () => {
  it.each([[20, 1], [20, 2], [5, 1], [50, 2], [1, 1]])('of %i %% of a core over %i threads is kept in every two seconds, but for one stretch', (cpuPercent, threads) => {
    const thread = new Thread({ ...BUDGET, cpuPercent }, threads);
    let busy = 0;
    for (let turn = 0; turn < 2_000; turn += 1) {
      const stretchMs = 1 + (turn * 7) % 10;
      busy += stretchMs;
      thread.stretch(stretchMs);
    }
    const share = cpuPercent / threads / 100;
    expect(busy / thread.at).toBeCloseTo(share, 2);
    expect(thread.mostWithin(2_000)).toBeLessThanOrEqual(2_000 * share + 10 + REST_MS_MIN);
  });
  it('is not spent by stretches too short to rest after: they add up', () => {
    const thread = new Thread(BUDGET);
    const rests = Array.from({ length: 100 }, () => thread.stretch(0.1));
    expect(rests.some((restMs) => restMs === 0)).toBe(true);
    expect(rests.every((restMs) => restMs === 0 || restMs >= REST_MS_MIN)).toBe(true);
    expect(rests.reduce((sum, restMs) => sum + restMs, 0)).toBeGreaterThan(40 - REST_MS_MIN);
  });
  it('also counts what the rest of the process takes, shared among the threads', () => {
    const thread = new Thread(BUDGET, 2);
    thread.taken = 10;
    expect(thread.stretch(10)).toBe(90);
    thread.taken += 60;
    expect(thread.stretch(10)).toBe(270);
    expect(thread.stretch(10)).toBe(90);
  });
  it('asks for no rest at full speed, nor when it is as much as all threads can take', () => {
    for (const settings of [FULL_SPEED, { ...BUDGET, cpuPercent: 200 }]) expect(new Thread(settings, 2).stretch(1_000)).toBe(0);
  });
  it('of nothing still lets a scan go on', () => {
    expect(restPerWork(0, 1, 1)).toBe(99);
  });
  it('is paid in pieces, and a stretch that waited for a disk for minutes does not stop the scan for an hour', () => {
    const debt = new Debt();
    expect(debt.after(600_000, 4)).toBe(REST_MS_MAX);
    expect(debt.after(0, 4)).toBe(STRETCH_MS_MAX * 4 - REST_MS_MAX);
    expect(debt.after(0, 4)).toBe(0);
  });
  it('takes time that runs backwards for no work', () => {
    expect(new Debt().after(-50, 4)).toBe(0);
  });
});

describe('pressure', () => {
  it('below its threshold, or what the scan itself may cause, changes nothing', () => {
    expect(slowdownUnder(CALM, 20)).toBe(1);
    expect(slowdownUnder({ cpu: PRESSURE_PERCENT.cpu + 20, io: PRESSURE_PERCENT.io + 20, memory: PRESSURE_PERCENT.memory }, 20)).toBe(1);
    expect(slowdownUnder({ cpu: null, io: null, memory: null }, 20)).toBe(1);
  });
  it.each(['cpu', 'io', 'memory'] as const)('of %s above it lets rests grow, more with more, and never without bound', (kind) => {
    const own = kind === 'memory' ? 0 : 20;
    const at = (percent: number) => slowdownUnder({ ...CALM, [kind]: percent }, 20);
    expect(at(PRESSURE_PERCENT[kind] + own + 10)).toBeCloseTo(2);
    expect(at(PRESSURE_PERCENT[kind] + own + 20)).toBeCloseTo(4);
    expect(at(100)).toBeLessThanOrEqual(SLOWDOWN_MAX);
    expect(slowdownUnder({ ...CALM, [kind]: 100 }, 1)).toBeGreaterThan(7);
  });
  it('also slows a scan that has no budget, which is forgiven only so much as its own doing', () => {
    expect(restPerWork(1_000, 1, slowdownUnder({ ...CALM, io: 95 }, 1_000))).toBeGreaterThan(0.5);
    expect(restPerWork(1_000, 1, slowdownUnder(CALM, 1_000))).toBe(0);
  });
  it('is given way to while it lasts, and is looked at once a second', () => {
    const thread = new Thread({ ...BUDGET, yieldsToPressure: true });
    expect(thread.stretch(10)).toBe(40);
    thread.pressure = { ...CALM, io: 50 };
    expect(thread.stretch(10)).toBe(40);
    thread.at += 1_000;
    expect(thread.stretch(10)).toBeCloseTo(160);
    thread.at += 1_000;
    thread.pressure = CALM;
    expect(thread.stretch(10)).toBe(40);
    expect(thread.looks).toBe(3);
  });
  it('is not looked at by a scan that gives way to nobody', () => {
    const thread = new Thread(BUDGET);
    thread.stretch(10);
    expect(thread.looks).toBe(0);
  });
});

describe('a window', () => {
  it('ends the scan, is never slept over, and no clock that is set moves it', () => {
    const thread = new Thread({ ...BUDGET, deadlineMs: 1_000_100 });
    expect(thread.over).toBe(false);
    thread.wall -= 3_600_000;
    thread.at = 60;
    expect(thread.stretch(20)).toBe(20);
    expect(thread.over).toBe(true);
    expect(thread.stretch(20)).toBe(0);
  });
  it('that ended before the scan began is over at once', () => {
    expect(new Thread({ ...BUDGET, deadlineMs: 1 }).over).toBe(true);
  });
  it('without end never is', () => {
    const thread = new Thread(BUDGET);
    thread.at = 1e12;
    expect(thread.over).toBe(false);
  });
});

describe("the kernel's figures", () => {
  it('are read as the kernel writes them', () => {
    expect(pressureIn('some avg10=12.34 avg60=0.00 avg300=0.00 total=1\nfull avg10=99.00 avg60=0.00 avg300=0.00 total=0\n')).toBe(12.34);
  });
  it.each(['', 'full avg10=1.00 avg60=0.00', 'some avg10=x avg60', 'some avg10=250.00 avg60=0'])('that make no sense (%j) tell nothing', (text) => {
    expect(pressureIn(text)).toBeNull();
  });
  it('that are not there tell nothing, and that is known', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mailwarden-pressure-'));
    try {
      writeFileSync(join(folder, 'io'), 'some avg10=3.00 avg60=0.00 avg300=0.00 total=1\n');
      expect(readPressure(folder)).toEqual({ cpu: null, io: 3, memory: null });
      expect(untoldPressure(readPressure(folder))).toEqual(['cpu', 'memory']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
