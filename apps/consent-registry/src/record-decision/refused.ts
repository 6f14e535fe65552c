/** A refusal of a request, with its code and in words: nothing is recorded. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}
