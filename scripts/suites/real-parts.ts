import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { postgresPrograms } from '../containers/postgres-programs.ts';

const ANSWER_MS_MAX = 10_000;

/** What a program says of its version, or undefined when it cannot be asked. */
function versionOf(program: string): string | undefined {
  try {
    return /\d+(?:\.\d+)+/.exec(execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: ANSWER_MS_MAX }))?.[0];
  } catch {
    return undefined;
  }
}

/** The real programs that the suites meet on this machine, each with its version, or why one is missing. */
export function partsOf(env: NodeJS.ProcessEnv): string[] {
  const { MAILWARDEN_NATS_SERVER: broker, CHROMIUM: browser, MAILWARDEN_NO_BROWSER: noBrowser } = env;
  const named = (name: string, program: string | undefined, missing: string): string => {
    const version = program === undefined ? undefined : versionOf(program);
    return version === undefined ? `${name}: none, ${missing}` : `${name} ${version}`;
  };
  return [
    `Node ${process.versions.node}`,
    named('nats-server', broker, 'MAILWARDEN_NATS_SERVER names none'),
    named('PostgreSQL', join(postgresPrograms(), 'bin/postgres'), 'npm brought none for this processor'),
    ...(browser === undefined && noBrowser === undefined ? [] : [named('Chromium', browser, noBrowser ?? 'it does not start')]),
  ];
}
