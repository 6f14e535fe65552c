import { C_LIBRARY, errorName, lastError } from './c-library.js';

/** Numbers of the calls that the C library has no function for. Source: unistd.h of each architecture, in the kernel's arch folder. */
const CALL_NUMBERS: Readonly<Record<string, { readonly ioprioSet: number; readonly ioprioGet: number }>> = {
  x64: { ioprioSet: 251, ioprioGet: 252 },
  arm64: { ioprioSet: 30, ioprioGet: 31 },
};

/** "Who" in ioprio_set(2) and setpriority(2): with the number 0 it is the calling thread alone. */
const IOPRIO_WHO_PROCESS = 1;
const PRIO_PROCESS = 0;
const CLASS_SHIFT = 13;
const CLASS_IDLE = 3;
/** The lowest priority for the processor. Source: setpriority(2). */
const NICE_LOWEST = 19;

const systemCall = C_LIBRARY.func('long syscall(long number, long which, long who, long value)') as (number: number, which: number, who: number, value: number) => number;
const setPriority = C_LIBRARY.func('int setpriority(int which, uint32_t who, int value)') as (which: number, who: number, value: number) => number;

/** What the calling thread could be made to give way in. An entry that is not null is the kernel's name of why not. */
export interface LoweredPriority {
  readonly disk: string | null;
  readonly processor: string | null;
}

function lowerForDisk(): string | null {
  const numbers = CALL_NUMBERS[process.arch];
  if (numbers === undefined) return `no call is known for ${process.arch}`;
  return systemCall(numbers.ioprioSet, IOPRIO_WHO_PROCESS, 0, CLASS_IDLE << CLASS_SHIFT) === 0 ? null : errorName(lastError());
}

/**
 * Lets the calling thread, and it alone, have the disk only while nobody else wants it, and the processor after everybody else. There is no way back without rights; made for threads that scan.
 * Errors: none; what the kernel refuses is told, and the thread goes on as before. Source: ioprio_set(2), setpriority(2), which on Linux are about one thread.
 */
export function lowerPriority(): LoweredPriority {
  const disk = lowerForDisk();
  return { disk, processor: setPriority(PRIO_PROCESS, 0, NICE_LOWEST) === 0 ? null : errorName(lastError()) };
}

/** Whether the calling thread has the disk only while nobody else wants it; null where that cannot be asked. */
export function isIdleForDisk(): boolean | null {
  const numbers = CALL_NUMBERS[process.arch];
  const priority = numbers === undefined ? -1 : systemCall(numbers.ioprioGet, IOPRIO_WHO_PROCESS, 0, 0);
  return priority < 0 ? null : priority >> CLASS_SHIFT === CLASS_IDLE;
}
