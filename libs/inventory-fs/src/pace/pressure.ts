import { readFileSync } from 'node:fs';

/** What tasks of this host can stall on. */
export const PRESSURE_KINDS = ['cpu', 'io', 'memory'] as const;
export type PressureKind = (typeof PRESSURE_KINDS)[number];

/** Share of the last ten seconds in which some task of the host stalled, by what it stalled on. Units: percent. Null where the kernel does not tell. */
export type Pressure = Readonly<Record<PressureKind, number | null>>;

const FOLDER = '/proc/pressure';
const SOME = /^some avg10=(\d+(?:\.\d+)?) /m;

/** Reads one file of the kernel's pressure figures. Null where it says none. Source: Documentation/accounting/psi.rst of Linux. */
export function pressureIn(text: string): number | null {
  const percent = Number(SOME.exec(text)?.[1] ?? Number.NaN);
  return percent >= 0 && percent <= 100 ? percent : null;
}

function pressureOf(folder: string, kind: PressureKind): number | null {
  try {
    return pressureIn(readFileSync(`${folder}/${kind}`, 'latin1'));
  } catch {
    return null; // An older kernel, or one that was started with psi=0.
  }
}

/** The pressure that the host is under now. Reads three short files of the kernel; never fails. */
export const readPressure = (folder = FOLDER): Pressure => ({ cpu: pressureOf(folder, 'cpu'), io: pressureOf(folder, 'io'), memory: pressureOf(folder, 'memory') });

/** Kinds of pressure that this host's kernel does not tell: of these none is assumed. */
export const untoldPressure = (pressure: Pressure = readPressure()): PressureKind[] => PRESSURE_KINDS.filter((kind) => pressure[kind] === null);
