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

/** PostgreSQL classes that say "not now": connection, resources, operator intervention, conflicts of transactions. */
const NOT_NOW_SQLSTATE = /^(?:08|53|57P|40)/;
const NOT_NOW_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT', '55P03']);
const NOT_NOW_WORDS = /connection terminated|connection timeout|timeout exceeded when trying to connect|connection is not established|not queryable/i;
const CAUSES_MAX = 5;

/** True when a dependency is away rather than the message wrong: such a message waits for as long as it takes. */
export function isDependencyAway(error: unknown): boolean {
  let cause = error;
  for (let depth = 0; depth < CAUSES_MAX && cause instanceof Error; depth += 1) {
    const { code } = cause as { code?: unknown };
    if (typeof code === 'string' && (NOT_NOW_CODES.has(code) || NOT_NOW_SQLSTATE.test(code))) return true;
    if (NOT_NOW_WORDS.test(cause.message)) return true;
    cause = cause.cause;
  }
  return false;
}

const PLAIN_CODE = /^[A-Z0-9_]{1,40}$/;

/** What may be told of a failure outside the log. Privacy: a database quotes the value that it did not take, so only our own words are repeated, and of others the kind and code. */
export function publicReason(error: unknown): string {
  if (error instanceof Poison || error instanceof RetryLater) return error.message;
  if (!(error instanceof Error)) return 'no reason given';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && PLAIN_CODE.test(code) ? `${error.name} ${code}` : error.name;
}
