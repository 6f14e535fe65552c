#!/usr/bin/env node
import { VERSION } from './version.js';
import { CommandFailure, EXIT } from './failure.js';

const BROKEN_PIPE = 'EPIPE';

/** One line that says what, then what to do; the cause only when asked for. */
function tell(failure: unknown): void {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  if (failure instanceof CommandFailure) {
    say(`mailwarden: ${failure.message}`);
    for (const detail of failure.details) say(`  ${detail}`);
    say(`  ${failure.advice}`);
  } else say(`mailwarden: ${failure instanceof Error ? failure.message : String(failure)}`);
  if (process.argv.includes('--verbose') && failure instanceof Error) say(failure.stack ?? '');
}

process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
  if (cause.code === BROKEN_PIPE) process.exit(EXIT.nothingFound); // Whoever read us has seen enough.
});

// The most frequent question of scripts is answered without loading anything.
if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  process.stdout.write(`${VERSION}\n`);
} else {
  const { buildProgram } = await import('./program.js');
  const { CommanderError } = await import('commander');
  try {
    await buildProgram().parseAsync();
  } catch (cause) {
    if (cause instanceof CommanderError) process.exitCode = cause.exitCode === 0 ? EXIT.nothingFound : EXIT.failed;
    else {
      tell(cause);
      process.exitCode = EXIT.failed;
    }
  }
}
