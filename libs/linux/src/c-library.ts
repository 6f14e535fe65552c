import koffi from 'koffi';

/**
 * The C library that this process already runs with, whichever it is.
 * Safety: every call through it is declared here in this project with the types of its manual page; buffers are ours and their lengths are passed along.
 */
export const C_LIBRARY = koffi.load(null);

/** Number of the last error of a call in this thread. Source: errno(3). */
export const lastError = (): number => koffi.errno();

/** Name of an error number, as `ENOENT`; the number itself where it has none. */
export const errorName = (number: number): string => Object.entries(koffi.os.errno).find(([, value]) => value === number)?.[0] ?? `errno ${number}`;

/** Number of an error by its name; -1 for a name that this system does not have. */
export const errorNumber = (name: string): number => koffi.os.errno[name] ?? -1;

/** Numbers of errors that calls for attributes meet all the time, so that nobody looks up their names. Source: errno(3). */
export const NO_DATA = koffi.os.errno['ENODATA'] ?? -1;
export const NOT_SUPPORTED = koffi.os.errno['EOPNOTSUPP'] ?? -1;
