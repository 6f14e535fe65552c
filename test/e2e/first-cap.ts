import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WORKSPACE, type DemoRuntime } from './demo-runtime.js';

const PAGE = join(WORKSPACE, 'docs/rotation/README.md');
/** The order of the page's last example. */
const SAMPLE_ORDER = '1c2f9a07';

/** Commands of the page, by the words that begin their step. */
async function commandsOf(step: string): Promise<string> {
  const page = await readFile(PAGE, 'utf8');
  const found = page.split('\n**').find((part) => part.replace(/^\d\. /, '').startsWith(step));
  const commands = /```sh\n([\s\S]*?)```/.exec(found ?? '')?.[1];
  if (commands === undefined) throw new Error(`the page has no step "${step}" with commands`);
  return commands;
}

/** Follows the page about a first cap as somebody who tries it on the demo: with smaller stores, and with nobody at the terminal to say yes. */
export class FirstCap {
  private constructor(
    private readonly demo: DemoRuntime,
    private readonly dir: string,
  ) {}

  static async begin(demo: DemoRuntime): Promise<FirstCap> {
    return new FirstCap(demo, await mkdtemp(join(tmpdir(), 'mailwarden-first-cap-')));
  }

  /** Runs one step and gives back what it printed. Errors: what a command said when it failed. */
  async step(step: string, order = ''): Promise<string> {
    const commands = (await commandsOf(step)).replaceAll('1 GB', '10 MB').replaceAll(SAMPLE_ORDER, order).replaceAll('policy apply', 'policy apply --yes');
    const script = `mailwarden() { '${join(WORKSPACE, 'bin/mailwarden')}' "$@" --data '${this.demo.dataDir}'; }\n${commands}`;
    return new Promise((resolve, reject) => {
      execFile('/bin/bash', ['-c', script], { cwd: this.dir }, (_error, stdout, stderr) => (stderr === '' ? resolve(stdout) : reject(new Error(`${step}: ${stderr}`))));
    });
  }

  end(): Promise<void> {
    return rm(this.dir, { recursive: true, force: true });
  }
}
