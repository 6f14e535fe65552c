import { pino, type Logger } from 'pino';

export type { Logger };

/** Members that never reach a log line, wherever they stand: they hold letters' contents, persons or secrets. */
export const REDACTED_KEYS = ['password', 'token', 'secret', 'creds', 'authorization', 'cookie', 'signature', 'seed', 'privateKey', 'subjectLine', 'address', 'fileName', 'path', 'rows', 'parameters'] as const;

const DEPTHS = ['', '*.', '*.*.'];

/** Errors as logs may show them: what went wrong and where in our code, never the driver's details, which can quote a row. */
function plainError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: typeof error === 'string' ? error.slice(0, 500) : 'not an error object' };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: error.message.slice(0, 500),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack: error.stack?.split('\n').slice(1, 8).join('\n'),
    ...(error.cause instanceof Error ? { cause: error.cause.message.slice(0, 300) } : {}),
  };
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
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: plainError },
    redact: { paths: DEPTHS.flatMap((depth) => REDACTED_KEYS.map((key) => depth + key)), censor: '[redacted]' },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
