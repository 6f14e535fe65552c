import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import { layoutOf } from '../runtime/layout.js';
import { lastLinesOf, openLog } from '../runtime/log-files.js';
import { readRunRecord, takeDataFolder } from '../runtime/run-record.js';
import { Runtime } from '../runtime/runtime.js';
import { newSignInLink } from '../runtime/sign-in-link.js';
import { Steps } from '../runtime/steps.js';
import type { CommandContext } from './context.js';
import { makeDataFolder } from './data-folder.js';
import { requireOwnDataFolder } from './own-data-folder.js';

export interface UpOptions {
  readonly demo: boolean;
  readonly port: number;
  readonly detach: boolean;
  /** Address that the bus listens on. */
  readonly busAddress: string;
}

const DETACHED_LOG = 'runtime';
const DETACHED_READY_MS_MAX = 180_000;
const LOOK_EVERY_MS = 100;

const toError = (line: string): void => void process.stderr.write(`${line}\n`);

const DEFAULT_DATA = '.mailwarden';

/** A command for this very runtime: another data folder than the usual one is named in it. */
const forThis = (context: CommandContext, command: string): string => `mailwarden ${command}${context.dataDir === DEFAULT_DATA ? '' : ` --data ${context.dataDir}`}`;

function invitation(context: CommandContext, url: string, link: string, last: string): void {
  const { bold, dim } = context.style;
  for (const line of ['', `Console   ${bold(url)}`, `Sign in   ${bold(link)}`, `          ${dim(`works once; print another one with: ${forThis(context, 'login')}`)}`, '', dim(last)]) context.print(line);
}

/** Resolves on the first request to end. A second Ctrl-C while ending changes nothing: what holds data is ended in order. */
const untilAsked = (): Promise<void> =>
  new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => done());
  });

/** What is left of a start after everything was stopped, as a client that waits for a broker which is gone. Units: milliseconds. */
const LEFT_OVER_MS_MAX = 2_000;

/** Ends this process also where a step of a start that was given up still waits. The timer itself keeps nothing alive. */
function endWithoutWaiting(exit: ExitCode): void {
  setTimeout(() => process.exit(exit), LEFT_OVER_MS_MAX).unref();
}

/** Starts the local runtime and stays with it until it is asked to end. */
export async function up(options: UpOptions, context: CommandContext): Promise<ExitCode> {
  if (isIP(options.busAddress) === 0) throw new CommandFailure(`${options.busAddress} is no address`, 'name one of this machine, as 10.20.0.5');
  const layout = layoutOf(resolve(context.dataDir));
  makeDataFolder(layout.data);
  requireOwnDataFolder(layout.data);
  if (options.detach) return upDetached(options, context);
  const steps = new Steps(context.style, toError);
  const asked = untilAsked();
  toError(`Starting Mailwarden in ${layout.data}`);
  const supervisor = await takeDataFolder(layout, (text) => steps.say(text));
  const runtime = await Runtime.prepare({ layout, port: options.port, busAddress: options.busAddress, demo: options.demo, supervisor, steps });
  try {
    const link = await Promise.race([runtime.start(), asked.then(() => null)]);
    if (link !== null) {
      invitation(context, runtime.url, link, 'Ctrl-C stops it.');
      await asked;
    }
  } catch (cause) {
    await runtime.stop();
    endWithoutWaiting(EXIT.failed);
    const because = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message.split('\n') : [];
    throw cause instanceof CommandFailure ? cause : new CommandFailure(cause instanceof Error ? cause.message : 'the start failed', `its log is in ${layout.logs}`, because, { cause });
  }
  toError('Stopping');
  await runtime.stop();
  toError('Stopped; everything is kept in the data folder');
  endWithoutWaiting(EXIT.nothingFound);
  return EXIT.nothingFound;
}

/** Starts the runtime in the background and returns when its console answers. */
async function upDetached(options: UpOptions, context: CommandContext): Promise<ExitCode> {
  const layout = layoutOf(resolve(context.dataDir));
  const log = openLog(layout.logs, DETACHED_LOG);
  const args = ['up', '--data', layout.data, '--port', String(options.port), '--bus-address', options.busAddress, ...(options.demo ? ['--demo'] : []), '--no-color'];
  const child = spawn(process.execPath, [process.argv[1] ?? '', ...args], { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  toError(`Starting Mailwarden in ${layout.data}, in the background`);
  for (const until = Date.now() + DETACHED_READY_MS_MAX; Date.now() < until && child.exitCode === null && child.signalCode === null; ) {
    const record = await readRunRecord(layout);
    if (record?.ready === true && record.supervisor.pid === child.pid) {
      child.unref();
      invitation(context, record.url, await newSignInLink(layout, record.url), `Stop it with: ${forThis(context, 'down')}`);
      return EXIT.nothingFound;
    }
    await new Promise((next) => setTimeout(next, LOOK_EVERY_MS));
  }
  throw new CommandFailure('the runtime did not start', `its log is ${layout.logs}/${DETACHED_LOG}.log`, lastLinesOf(layout.logs, DETACHED_LOG).split('\n'));
}
