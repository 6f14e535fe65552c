import type { Style } from '../output/terminal.js';

/** Shows a start step by step on standard error, each with the time that it took. */
export class Steps {
  constructor(
    private readonly style: Style,
    private readonly write: (line: string) => void,
  ) {}

  say(text: string): void {
    this.write(`  ${this.style.dim('·')} ${text}`);
  }

  /** Does one step and says how it went. Errors: those of `work`, after saying that it failed. */
  async step<T>(what: string, work: () => Promise<T>): Promise<T> {
    const startedMs = Date.now();
    try {
      const value = await work();
      this.write(`  ${this.style.green('✓')} ${what} ${this.style.dim(`${((Date.now() - startedMs) / 1000).toFixed(1)} s`)}`);
      return value;
    } catch (cause) {
      this.write(`  ${this.style.red('✗')} ${what}`);
      throw cause;
    }
  }
}
