import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rotate } from '../../../apps/cli/src/commands/rotate.js';
import { rotateDocument, type RotateStore } from '../../../apps/cli/src/output/rotate-json.js';
import { CommandFailure } from '../../../apps/cli/src/failure.js';
import { PLAIN } from '../../../apps/cli/src/output/terminal.js';
import { LogHost, LOGS, profileOf } from '../log-host.js';
import type { ComparedProgram } from './compared-programs.js';

const A_DAY_S = 86_400;
/** A program that hangs ends the scenario, not the suite. */
const RUN_MS_MAX = 10_000;

/** What one run of a program came to. `said` is all that it wrote. */
export interface Ran {
  readonly exit: number | null;
  readonly said: string;
  /** What we say of the store; null for the others. */
  readonly told: RotateStore | null;
}

/** One folder of a host of its own, on which one program is let loose. */
export class Stage {
  readonly host: LogHost;
  readonly root: string;
  readonly store: string;

  constructor(private readonly storeWords = 'kind: files') {
    this.host = new LogHost(storeWords);
    this.root = this.host.root;
    this.store = this.host.logs;
  }

  path(name: string): string {
    return join(this.store, name);
  }

  put(name: string, { bytes = 1000, days = 100 }: { bytes?: number; days?: number } = {}): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), Buffer.alloc(bytes, 'o\n'), { mode: 0o644 });
    this.age(name, days);
  }

  age(name: string, days = 100): void {
    const at = Date.now() / 1000 - days * A_DAY_S;
    utimesSync(this.path(name), at, at);
  }

  /** All below the store, folders with a slash behind them. */
  get entries(): string[] {
    return readdirSync(this.store, { recursive: true, withFileTypes: true }).map((entry) => `${join(entry.parentPath, entry.name).slice(this.store.length + 1)}${entry.isDirectory() ? '/' : ''}`).sort();
  }

  get bytes(): number {
    return this.entries.map((name) => lstatSync(this.path(name))).reduce((sum, facts) => sum + (facts.isFile() ? facts.size : 0), 0);
  }

  /** Lets logrotate loose on what the glob names. */
  logrotate(program: ComparedProgram, glob: string, words: readonly string[], flags: readonly string[] = ['--force']): Ran {
    const config = join(this.root, 'logrotate.conf');
    writeFileSync(config, `${this.path(glob)} {\n${words.map((line) => `  ${line}\n`).join('')}}\n`, { mode: 0o644 });
    return this.run(program, [...flags, '--state', join(this.root, 'state'), config]);
  }

  /** Lets systemd-tmpfiles clean by these lines, in which `STORE` is the folder. */
  tmpfiles(program: ComparedProgram, lines: readonly string[], flags: readonly string[] = []): Ran {
    const config = join(this.root, 'tmpfiles.conf');
    writeFileSync(config, lines.map((line) => `${line.replaceAll('STORE', this.store)}\n`).join(''), { mode: 0o644 });
    return this.run(program, ['--clean', ...flags, config]);
  }

  run({ program, env }: ComparedProgram, args: readonly string[]): Ran {
    const { status, stdout, stderr } = spawnSync(program, args, { env: { ...env, PATH: '/usr/bin:/bin' }, encoding: 'utf8', timeout: RUN_MS_MAX });
    return { exit: status, said: `${stdout}${stderr}`, told: null };
  }

  /** `mailwarden rotate` with a policy that holds these lines, on what `files` names below the store. */
  async mailwarden(lines: readonly string[], { apply = true, list = false, files = '**' } = {}): Promise<Ran> {
    const [policy, profile] = [join(this.root, 'policy.yaml'), join(this.root, 'profile.yaml')];
    const bounds = lines.some((line) => line.startsWith('bounds:')) ? [] : ['bounds: { percent: 100 }'];
    writeFileSync(policy, ['schema: mailwarden/policy/v1', 'kind: retention', 'name: cap', 'reason: Compared with others', 'stores: [ acme/log ]', 'mode: enforce', ...lines, ...bounds, ''].join('\n'), { mode: 0o600 });
    writeFileSync(profile, profileOf(this.storeWords).replace(`${LOGS}/**`, `${LOGS}/${files}`), { mode: 0o600 });
    mkdirSync(join(this.root, 'etc/mailwarden'), { recursive: true, mode: 0o755 });
    writeFileSync(join(this.root, 'etc/mailwarden/host.yaml'), 'schema: mailwarden/host/v1\nkernel: this\n', { mode: 0o600 });
    const said: string[] = [];
    const exit = await rotate({ policy, profile: [profile], root: this.root, apply, list }, { dataDir: this.root, format: 'json', style: PLAIN, print: (line) => said.push(line) }).catch((cause: unknown) => {
      throw cause instanceof CommandFailure ? new Error([cause.message, ...cause.details].join('\n'), { cause }) : cause;
    });
    const text = said.join('\n');
    return { exit, said: text, told: rotateDocument.parse(JSON.parse(text)).stores[0] ?? null };
  }

  remove(): Promise<void> {
    return this.host.remove();
  }
}
