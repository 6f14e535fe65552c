/** Exit codes of every command. */
export const EXIT = { nothingFound: 0, found: 1, failed: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An expected failure of a command: one line that says what, then what to do. */
export class CommandFailure extends Error {
  constructor(
    what: string,
    readonly advice: string,
    readonly details: readonly string[] = [],
    options?: { cause?: unknown },
  ) {
    super(what, options);
    this.name = 'CommandFailure';
  }
}
