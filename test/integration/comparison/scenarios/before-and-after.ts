import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ComparedProgram } from '../compared-programs.js';
import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import { fate, outcome } from '../told.js';

const MANY = 2000;
/** It may be done before it can be ended. */
const TRIES_MAX = 5;
const RUN_MS_MAX = 5_000;
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `letter-${String(index).padStart(4, '0')}`);
const OLD = 'limits: { age: 90 days }';
const untouched = (before: readonly string[], after: readonly string[]): string => (fate(before, after) === 'all stay' ? 'nothing is touched' : fate(before, after));

/** Ends systemd-tmpfiles as soon as a first file is gone. Returns whether it was cut short. */
async function killTmpfiles(stage: Stage, { program, env }: ComparedProgram): Promise<boolean> {
  numbered(MANY).forEach((name) => stage.put(name));
  const config = join(stage.root, 'tmpfiles.conf');
  writeFileSync(config, `e ${stage.store} - - - m:90d\n`);
  const began = statSync(stage.store, { bigint: true }).mtimeNs;
  const child = spawn(program, ['--clean', config], { env: { ...env, PATH: '/usr/bin:/bin' }, stdio: 'ignore' });
  const ended = once(child, 'exit');
  // The moment between two files is short: nothing else may run here meanwhile.
  for (const until = Date.now() + RUN_MS_MAX; statSync(stage.store, { bigint: true }).mtimeNs === began && Date.now() < until; );
  child.kill('SIGKILL');
  await ended;
  return stage.entries.length > 0 && stage.entries.length < MANY;
}

/** What can be known before, and what is known after. */
export const BEFORE_AND_AFTER: readonly Scenario[] = [
  {
    table: 'before-and-after', what: 'What would go?', otherwiseFrom: { tmpfiles: 256 },
    prepare: (stage) => ['one', 'two'].forEach((name) => stage.put(name)),
    logrotate: (stage, program) => {
      const before = stage.entries;
      const { said } = stage.logrotate(program, '*', ['rotate 0'], ['--force', '--debug']);
      return `\`--debug\`: ${untouched(before, stage.entries)}; ${said.split('\n').length > 2 && said.includes('/one') ? 'told in words' : 'not told'}`;
    },
    tmpfiles: (stage, program) => {
      const before = stage.entries;
      const { said, exit } = stage.tmpfiles(program, ['e STORE - - - m:90d'], ['--dry-run']);
      return `\`--dry-run\`: ${untouched(before, stage.entries)}; ${exit !== 0 && said.includes('unrecognized option') ? 'no such option before version 256' : said.includes('/one') ? 'told in words' : 'not told'}`;
    },
    mailwarden: async (stage) => {
      const before = stage.entries;
      const { said, told } = await stage.mailwarden([OLD], { apply: false, list: true });
      const { list = [] } = JSON.parse(said) as { list?: { name: string }[] };
      return `\`rotate --list\`: ${untouched(before, stage.entries)}; ${list.length === 2 && told?.planned.digest.length === 64 ? 'the exact list, with a digest' : 'not told'}`;
    },
  },
  {
    table: 'before-and-after', what: 'A rule that would take all of 100 files, by mistake',
    prepare: (stage) => numbered(100).forEach((name) => stage.put(name)),
    logrotate: (stage, program) => outcome(['rotate 0'], stage, () => stage.logrotate(program, '*', ['rotate 0'])),
    tmpfiles: (stage, program) => outcome(['m:90d'], stage, () => stage.tmpfiles(program, ['e STORE - - - m:90d'])),
    mailwarden: async (stage) => {
      const before = stage.entries;
      const { told } = await stage.mailwarden([OLD, 'bounds: { percent: 50 }']);
      return `\`bounds: { percent: 50 }\`: ${fate(before, stage.entries)} (${told?.state ?? ''}: ${told?.reason ?? ''})`;
    },
  },
  {
    table: 'before-and-after', what: 'One file that must stay, by name',
    prepare: (stage) => ['evidence', 'other'].forEach((name) => stage.put(name)),
    logrotate: (stage, program) => outcome(['rotate 0'], stage, () => stage.logrotate(program, 'o*', ['rotate 0'])),
    tmpfiles: (stage, program) => outcome(['x STORE/evidence'], stage, () => stage.tmpfiles(program, ['e STORE - - - m:90d', 'x STORE/evidence'])),
    mailwarden: (stage) => outcome(['exclude: [ /var/log/acme/evidence ]'], stage, () => stage.mailwarden([OLD, 'exclude: [ /var/log/acme/evidence ]'])),
  },
  {
    table: 'before-and-after', what: 'The folder is not there',
    prepare: (stage) => rmSync(stage.store, { recursive: true }),
    logrotate: (stage, program) => `exit ${stage.logrotate(program, 'acme.log', ['rotate 1']).exit ?? ''}; with \`missingok\` exit ${stage.logrotate(program, 'acme.log', ['rotate 1', 'missingok']).exit ?? ''}`,
    tmpfiles: (stage, program) => `exit ${stage.tmpfiles(program, ['e STORE - - - m:90d']).exit ?? ''}`,
    mailwarden: async (stage) => {
      const { exit, told } = await stage.mailwarden([OLD]);
      return `exit ${exit ?? ''} (${told?.state ?? ''})`;
    },
  },
  {
    table: 'before-and-after', what: 'Killed in the middle, then run again',
    prepare: () => undefined,
    logrotate: (stage, program) => {
      ['acme.log', 'acme.log.1', 'acme.log.2', 'acme.log.3'].forEach((name) => stage.put(name));
      const once = join(stage.root, 'killed');
      const words = ['rotate 3', 'prerotate', `[ -e ${once} ] || { touch ${once}; kill -9 $PPID; }`, 'endscript'];
      stage.logrotate(program, 'acme.log', words);
      stage.logrotate(program, 'acme.log', words);
      return `killed before the log is renamed, \`rotate 3\`: ${stage.entries.length} of 3 generations are there`;
    },
    tmpfiles: async (stage, program) => {
      let cut = false;
      for (let tries = 0; !cut && tries < TRIES_MAX; tries += 1) cut = await killTmpfiles(stage, program);
      stage.tmpfiles(program, ['e STORE - - - m:90d']);
      return `${cut ? 'some go at first' : 'not cut short'}, ${stage.entries.length === 0 ? 'the rest with the next run' : 'some stay'}; nothing says how many went when`;
    },
    mailwarden: async (stage) => {
      numbered(200).forEach((name) => stage.put(name));
      const order = stage.host.order({ watermarks: [{ kind: 'age', limit: 86_400, target: 86_400 }] });
      const killed = (await stage.host.rotateKilled(order, 'moved')) === null;
      const receipt = await stage.host.rotate(order);
      return `${killed ? 'some go at first' : 'not cut short'}, ${stage.entries.length === 0 ? 'the rest with the next run' : 'some stay'}; ${receipt.resumed && receipt.deleted.items === 200 ? 'one account for both runs, of all 200' : `the account says ${receipt.deleted.items}`}`;
    },
  },
  {
    table: 'before-and-after', what: 'What went, told afterwards',
    prepare: (stage) => ['one', 'two'].forEach((name) => stage.put(name)),
    logrotate: (stage, program) => (stage.logrotate(program, '*', ['rotate 0']).said === '' ? 'nothing is said' : 'words'),
    tmpfiles: (stage, program) => (stage.tmpfiles(program, ['e STORE - - - m:90d']).said === '' ? 'nothing is said' : 'words'),
    mailwarden: async (stage) => {
      const { told } = await stage.mailwarden([OLD]);
      return told?.deleted?.items === 2 && told.after !== undefined ? 'a receipt: 2 before, 2 deleted, digest of the list, what is left' : 'nothing is said';
    },
  },
];
