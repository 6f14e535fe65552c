import { spawn, type ChildProcess } from 'node:child_process';

const WORKSPACE = new URL('../../', import.meta.url).pathname;
const PAUSE_MS = 2;

/** A product in a process of its own that writes one record after another and keeps how long the slowest took. */
export class WaitingWriter {
  // Written out, since benches run this file with its types taken away and nothing else.
  readonly child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  /** `program` declares `connect`, which yields a function that writes one record. */
  static async start(program: string, first: number): Promise<WaitingWriter> {
    const source = `${program}
      (async () => {
        const write = await connect();
        let [waitedMs, written, stop] = [0, 0, false];
        process.stdin.resume().once('end', () => { stop = true; });
        process.stdout.write('ready\\n');
        while (!stop) {
          const startedMs = performance.now();
          await write(${first} + written);
          waitedMs = Math.max(waitedMs, performance.now() - startedMs);
          written += 1;
          await new Promise((resolve) => setTimeout(resolve, ${PAUSE_MS}));
        }
        process.stdout.write(JSON.stringify({ waitedMs, written }) + '\\n');
        process.exit(0);
      })();`;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', source], { cwd: WORKSPACE, stdio: ['pipe', 'pipe', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', (code) => reject(new Error(`the writer ended with ${code ?? 'a signal'}`)));
    });
    return new WaitingWriter(child);
  }

  end(): void {
    this.child.removeAllListeners('exit');
    this.child.stdin?.end();
  }

  /** What it has to say once it was told to end. */
  async said(): Promise<{ waitedMs: number; written: number }> {
    let text = '';
    for await (const chunk of this.child.stdout ?? []) text += String(chunk);
    return JSON.parse(text) as { waitedMs: number; written: number };
  }
}
