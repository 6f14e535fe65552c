import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { eventually } from '@mailwarden/testing';
import { BY_COPY, BY_SIGNAL } from '../../log-host.js';
import type { ComparedProgram } from '../compared-programs.js';
import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import { fate, kibibytes, outcome } from '../told.js';

const WRITTEN_BYTES = 100_000;
/** A hundred times as much of the same line. */
const PACKED_BYTES_MAX = 1024;
/** A program that writes all the time has written by then. */
const GOES_ON_MS_MAX = 2_000;
/** The window in which logrotate loses lines is short: so many runs are given to meet it. */
const TRIES_MAX = 8;
const WAIT_MS_MAX = 10_000;
const CAP = ['limits: { bytes: 60 KB }', 'keep: { newest: 100 }'];

/** Lines that the program wrote and that lie nowhere any more. */
async function lostLines(stage: Stage): Promise<number> {
  const written = await stage.host.stopWriter();
  return written - new Set(stage.host.lines).size;
}

const lost = (lines: number): string => (lines > 0 ? 'lines are lost' : 'no line is lost');

/** Rotates while a program writes as fast as it can, and looks where it goes on. */
async function whileWritten(stage: Stage, writer: 'signal' | 'deaf', rotate: () => unknown): Promise<string> {
  await stage.host.startWriter(writer, WRITTEN_BYTES);
  await rotate();
  const where = existsSync(stage.host.log) ? ((await goesOnInLog(stage)) ? '' : '; the program goes on writing to what was set aside') : '; the program goes on writing to a file without a name';
  return `${lost(await lostLines(stage))}${where}`;
}

/** Whether lines still arrive in the file of the log's name. */
async function goesOnInLog(stage: Stage): Promise<boolean> {
  const size = (): number => statSync(stage.host.log).size;
  const before = size();
  try {
    return await eventually('lines in the log', GOES_ON_MS_MAX, () => Promise.resolve(size() > before ? true : undefined));
  } catch {
    return false;
  }
}

/** What none of the two can do is tried by the rule that an administrator has: age. */
async function untouchedWhileWritten(stage: Stage, program: ComparedProgram): Promise<string> {
  let left: readonly string[] = [];
  const told = await whileWritten(stage, 'deaf', () => {
    stage.tmpfiles(program, ['e STORE - - - m:90d']);
    left = stage.entries;
  });
  return `\`m:90d\`: ${fate(['acme.log'], left)}, ${told}`;
}

/** Until lines were lost, or the runs are over. */
async function overAgain(stage: Stage, rotate: () => unknown): Promise<string> {
  await stage.host.startWriter('deaf', WRITTEN_BYTES);
  let [runs, before] = [0, 0];
  for (; runs < TRIES_MAX; runs += 1) {
    await rotate();
    before = stage.host.lines.length;
    await eventually('more lines', WAIT_MS_MAX, () => Promise.resolve(stage.host.lines.length > before ? true : undefined));
  }
  return lost(await lostLines(stage));
}

const RELOAD = (stage: Stage): string[] => ['rotate 9', 'create', 'postrotate', `kill -HUP $(cat ${stage.root}/run/acme.pid); sleep 0.1`, 'endscript'];

/** Has logrotate rotate the log on the stage's own host. */
function ruledByLogrotate(stage: Stage): void {
  mkdirSync(join(stage.root, 'etc/logrotate.d'), { recursive: true });
  writeFileSync(join(stage.root, 'etc/logrotate.conf'), 'include /etc/logrotate.d\n', { mode: 0o644 });
  writeFileSync(join(stage.root, 'etc/logrotate.d/acme'), '/var/log/acme/*.log {\n  weekly\n  rotate 4\n}\n', { mode: 0o644 });
}

/** A second logrotate beside one that is kept at work. */
async function beside(stage: Stage, { program, env }: ComparedProgram, second: () => { exit: number | null }): Promise<string> {
  const config = join(stage.root, 'first.conf');
  writeFileSync(config, `${stage.host.log} {\n  rotate 4\n  prerotate\n    touch ${stage.root}/began; while [ ! -e ${stage.root}/go ]; do sleep 0.05; done\n  endscript\n}\n`, { mode: 0o644 });
  const first = spawn(program, ['--force', '--state', join(stage.root, 'state'), config], { env: { ...env, PATH: '/usr/bin:/bin' }, stdio: 'ignore' });
  const ended = once(first, 'exit');
  await eventually('logrotate at work', WAIT_MS_MAX, () => Promise.resolve(existsSync(join(stage.root, 'began')) ? true : undefined));
  const { exit } = second();
  writeFileSync(join(stage.root, 'go'), '');
  await ended;
  return `a second one with the same state file leaves, exit ${exit ?? ''}`;
}

/** The log that is being written, and its generations. */
export const LOGS: readonly Scenario[] = [
  {
    table: 'logs', what: 'A program writes, and takes a new file on a signal', store: BY_SIGNAL,
    prepare: () => undefined,
    logrotate: async (stage, program) => `\`create\` and a signal in \`postrotate\`: ${await whileWritten(stage, 'signal', () => stage.logrotate(program, 'acme.log', RELOAD(stage)))}`,
    tmpfiles: async (stage, program) => `age 0: ${await whileWritten(stage, 'signal', () => stage.tmpfiles(program, ['e STORE - - - 0']))}`,
    mailwarden: async (stage) => `\`by: reopen-signal\`: ${await whileWritten(stage, 'signal', () => stage.mailwarden(CAP))}`,
  },
  {
    table: 'logs', what: 'A program writes, and is told nothing; its file is renamed', store: BY_SIGNAL,
    prepare: () => undefined,
    logrotate: async (stage, program) => `\`create\`: ${await whileWritten(stage, 'deaf', () => stage.logrotate(program, 'acme.log', ['rotate 9', 'create']))}`,
    tmpfiles: untouchedWhileWritten,
    mailwarden: async (stage) => `\`by: reopen-signal\`: ${await whileWritten(stage, 'deaf', () => stage.mailwarden([...CAP, 'bounds: { percent: 100, deadline: 1 second }']))}${stage.entries.join() === 'acme.log' ? '; the log has its name back' : ''}`,
  },
  {
    table: 'logs', what: `A program writes at the end of its log as fast as it can; the log is copied and emptied, ${TRIES_MAX} times`, inPlace: true, store: BY_COPY,
    prepare: () => undefined,
    logrotate: async (stage, program) => `\`copytruncate\`: ${await overAgain(stage, () => stage.logrotate(program, 'acme.log', ['rotate 99', 'copytruncate']))}`,
    tmpfiles: untouchedWhileWritten,
    mailwarden: async (stage) => `\`by: copy-truncate\`: ${await overAgain(stage, () => stage.mailwarden(['limits: { bytes: 1 KB }', 'keep: { newest: 100 }']))}`,
  },
  {
    table: 'logs', what: 'Generations that compress well', store: BY_COPY,
    prepare: (stage) => ['acme.log', 'acme.log.1'].forEach((name) => stage.put(name, { bytes: 100 * PACKED_BYTES_MAX, days: 1 })),
    logrotate: (stage, program) => {
      stage.logrotate(program, 'acme.log', ['rotate 3', 'compress', 'delaycompress']);
      const packed = readdirSync(stage.store).filter((name) => name.endsWith('.gz'));
      return `\`compress\`, \`delaycompress\`: ${packed.map((name) => `\`${name}\` holds ${kibibytes(gunzipSync(readFileSync(stage.path(name))).length)} in ${readFileSync(stage.path(name)).length < PACKED_BYTES_MAX ? 'less than 1 KiB' : 'more than 1 KiB'}`).join(', ')}`;
    },
    tmpfiles: (stage, program) => outcome(['m:90d'], stage, () => stage.tmpfiles(program, ['e STORE - - - m:90d'])),
    mailwarden: async (stage) => {
      const { entries } = stage;
      await stage.mailwarden(['limits: { age: 90 days }']);
      return `${fate(entries, stage.entries)}; ${stage.entries.some((name) => name.endsWith('.gz')) ? 'some are compressed' : 'nothing is compressed'}`;
    },
  },
  {
    table: 'logs', what: 'logrotate has a rule for the log already; the folder is over its limit', store: BY_COPY,
    prepare: (stage) => {
      ruledByLogrotate(stage);
      stage.put('acme.log', { bytes: 100_000, days: 1 });
      stage.put('acme.log.1', { bytes: 100_000 });
    },
    logrotate: (stage, program) => beside(stage, program, () => stage.logrotate(program, 'acme.log', ['rotate 4'])),
    tmpfiles: (stage, program) => outcome(['e STORE - - - 0'], stage, () => stage.tmpfiles(program, ['e STORE - - - 0'])),
    mailwarden: async (stage) => {
      let said = '';
      const told = await outcome(['limits: { bytes: 60 KB }'], stage, async () => {
        const ran = await stage.mailwarden(['limits: { bytes: 60 KB }']);
        ({ said } = ran);
        return ran;
      });
      const note = /logrotate rotates what is being written here by [^ ]+/.exec(said)?.[0];
      return note === undefined ? told : `${told}, "${note}"`;
    },
  },
];
