/** Since when the control plane cannot be heard. */
export class Contact {
  #lostAtMs: number | null;

  /** An agent begins without. */
  constructor(private readonly now: () => number) {
    this.#lostAtMs = now();
  }

  found(): void {
    this.#lostAtMs = null;
  }

  lost(): void {
    this.#lostAtMs ??= this.now();
  }

  /** Units: milliseconds; 0 while it is heard. By a clock that does not jump, so that setting the clock forward makes nobody alone. */
  silentForMs(): number {
    return this.#lostAtMs === null ? 0 : this.now() - this.#lostAtMs;
  }
}
