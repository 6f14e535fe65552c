import { currentTrace } from '@mailwarden/tracing';
import { pino, type LogFn, type Logger } from 'pino';
import { plainError, plainText } from './plain-error.js';
import { scrubbed } from './scrub.js';

export type { Logger };

/** Words are cut like everything else. An error that is logged without words of ours would have its own taken for them, as they stand. */
function withPlainWords(this: Logger, given: Parameters<LogFn>, write: LogFn): void {
  const [first, ...words] = given as unknown as [unknown, ...string[]];
  const error = first instanceof Error ? first : typeof first === 'object' && first !== null && 'err' in first && first.err instanceof Error ? first.err : null;
  if (error === null || words.length > 0) write.apply(this, given.map((part: unknown) => (typeof part === 'string' ? plainText(part) : part)) as typeof given);
  else write.call(this, first instanceof Error ? { err: first } : (first as object), plainText(error.message));
}

/**
 * The log of one process: JSON lines on standard output with UTC times.
 * Safety: file names, addresses and secrets are no log content; the redaction list is the second wall, not the first.
 */
export function createLogger(options: { service: string; level: string; destination?: { write(line: string): void } }): Logger {
  const settings = {
    level: options.level,
    base: { service: options.service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: (facts: Record<string, unknown>) => scrubbed(facts) as Record<string, unknown> },
    // What is logged for a message can be found by its trace.
    mixin: () => {
      const trace = currentTrace();
      return trace === undefined ? {} : { traceId: trace.traceId, spanId: trace.spanId };
    },
    hooks: { logMethod: withPlainWords },
    // Errors are plain before they get here, or are written alone.
    serializers: { err: (error: unknown) => (error instanceof Error ? plainError(error) : error) },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
