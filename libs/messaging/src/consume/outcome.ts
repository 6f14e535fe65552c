/** The message can never be handled: it goes to the dead letters with this reason. */
export class Poison extends Error {
  override readonly name = 'Poison';
}

/** The message cannot be handled yet: it comes again after `delayMs`, up to the tries that its consumer allows. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';

  constructor(
    readonly delayMs: number,
    why: string,
  ) {
    super(why);
  }
}

/** What a database calls its errors by; Node's own codes are of letters, and begin with an E. Source: PostgreSQL, Appendix A. */
const SQLSTATE = /^(?!E)[0-9A-Z]{5}$/;
/**
 * PostgreSQL classes that a message brings about itself: rows named twice, data, constraints, sizes. All others tell of the server, of its rights, or of its schema:
 * a standby that only reads, a password that was changed, a table that comes with the next version. The very same message goes through when that is over.
 */
const OWN_FAULT_SQLSTATE = /^(?:21|22|23|54)/;
const NOT_NOW_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT']);
const NOT_NOW_WORDS = /connection terminated|connection timeout|timeout exceeded when trying to connect|connection is not established|not queryable/i;
const CAUSES_MAX = 5;

/** True when a dependency is away rather than the message wrong: such a message waits for as long as it takes. */
export function isDependencyAway(error: unknown): boolean {
  let cause = error;
  for (let depth = 0; depth < CAUSES_MAX && cause instanceof Error; depth += 1) {
    const { code } = cause as { code?: unknown };
    if (typeof code === 'string' && (NOT_NOW_CODES.has(code) || (SQLSTATE.test(code) && !OWN_FAULT_SQLSTATE.test(code)))) return true;
    if (NOT_NOW_WORDS.test(cause.message)) return true;
    cause = cause.cause;
  }
  return false;
}

/** How long a message waits for what is away, by how often it came. Units: milliseconds. */
const WAITS_MS = [2_000, 2_000, 2_000, 5_000, 10_000, 30_000] as const;
const WAIT_MS_MAX = 30_000;

/** Until a message comes again that waits for a dependency: soon at first, since most are away for a moment. Units: milliseconds. */
export const waitMs = (deliveries: number): number => WAITS_MS[deliveries - 1] ?? WAIT_MS_MAX;

const PLAIN_CODE = /^[A-Z0-9_]{1,40}$/;

/** What may be told of a failure outside the log. Privacy: a database quotes the value that it did not take, so only our own words are repeated, and of others the kind and code. */
export function publicReason(error: unknown): string {
  if (error instanceof Poison || error instanceof RetryLater) return error.message;
  if (!(error instanceof Error)) return 'no reason given';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && PLAIN_CODE.test(code) ? `${error.name} ${code}` : error.name;
}
