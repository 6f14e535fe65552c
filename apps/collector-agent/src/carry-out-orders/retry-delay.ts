/** The first further try follows soon: most causes pass quickly, as a crash or a start. Units: milliseconds. */
export const RETRY_MS_MIN = 5_000;
/** A cause that lasts, as a disk that is away, is looked at so often at least. Units: milliseconds. */
export const RETRY_MS_MAX = 30 * 60_000;

/** How long to wait before what failed so many times is tried again: twice as long each time. Units: milliseconds. */
export const retryDelayMs = (failures: number): number => Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.max(0, failures - 1));
