/** An expected failure: one line that says what, then what to do. */
export class EnrolmentFailure extends Error {
  constructor(
    what: string,
    readonly advice: string,
    options?: { cause?: unknown },
  ) {
    super(what, options);
    this.name = 'EnrolmentFailure';
  }
}
