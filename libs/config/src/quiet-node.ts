/** SIGUSR1 of whoever has the same account opens no debugger: with it would come every right that the program has. */
export const CLOSED_NODE_OPTION = '--disable-sigusr1';

/**
 * Options of Node for a program that waits most of the time on somebody else's host: little room for what is young, and nobody to help with tidying it.
 * Measured by `bin/bench agent`: a third less memory, and no threads beside the one that a budget was given to.
 */
export const QUIET_NODE_OPTIONS: readonly string[] = [CLOSED_NODE_OPTION, '--single-threaded-gc', '--max-semi-space-size=1'];

/** The same for a program that looks at millions of files: what it makes for each is young and soon gone, and room for more of it would only be filled before it is tidied. */
export const STEADY_NODE_OPTIONS: readonly string[] = [CLOSED_NODE_OPTION, '--max-semi-space-size=4'];
