/** A place in the text of rsyslog's configuration. Every step moves on, so that reading ends. */
export class RainerText {
  #place = 0;

  constructor(private readonly text: string) {}

  get done(): boolean {
    return this.#place >= this.text.length;
  }

  get place(): number {
    return this.#place;
  }

  /** Line of a place. Counted on demand, from the last one asked for. */
  lineAt(place: number): number {
    if (place < this.#lineFrom.place) this.#lineFrom = { place: 0, line: 1 };
    for (let index = this.#lineFrom.place; index < place; index += 1) if (this.text[index] === '\n') this.#lineFrom.line += 1;
    this.#lineFrom.place = place;
    return this.#lineFrom.line;
  }
  #lineFrom = { place: 0, line: 1 };

  startsWith(word: string): boolean {
    return this.text.startsWith(word, this.#place);
  }

  /** True before this word, when it ends there. */
  atWord(word: string): boolean {
    return this.text.slice(this.#place, this.#place + word.length).toLowerCase() === word && !/[\w-]/.test(this.text.charAt(this.#place + word.length));
  }

  skip(characters: number): void {
    this.#place += characters;
  }

  next(): string {
    return this.text.charAt(this.#place);
  }

  /** Passes over blanks, line ends and comments. */
  toNext(): void {
    while (!this.done) {
      if (/\s/.test(this.next())) this.#place += 1;
      else if (this.next() === '#') this.#to('\n', 0);
      else if (this.startsWith('/*')) this.#to('*/', 2);
      else return;
    }
  }

  blanks(): void {
    while (this.next() === ' ' || this.next() === '\t') this.#place += 1;
  }

  /** What stands until the end of the line; a backslash there joins the next one. */
  line(): string {
    const start = this.#place;
    do this.#to('\n', 0);
    while (this.text[this.#place - 1] === '\\' && !this.done && (this.#place += 1) > 0);
    return this.text.slice(start, this.#place).replaceAll('\\\n', ' ').trim();
  }

  /** What stands until one of the characters, outside of quotes and round brackets. */
  until(ends: string): string {
    const start = this.#place;
    let depth = 0;
    while (!this.done) {
      const next = this.next();
      if (depth <= 0 && ends.includes(next)) break;
      if (next === '"' || next === "'") this.quoted();
      else if (next === '#') this.#to('\n', 0);
      else {
        if (next === '(') depth += 1;
        if (next === ')') depth -= 1;
        this.#place += 1;
      }
    }
    return this.text.slice(start, this.#place);
  }

  /** A word: letters, digits, `_`, `-`, `$`, `!`, `.`. */
  word(): string {
    const start = this.#place;
    while (!this.done && /[\w$!.-]/.test(this.next())) this.#place += 1;
    return this.text.slice(start, this.#place);
  }

  /** A text in quotes, with its escapes resolved; stands behind it afterwards. */
  quoted(): string {
    const quote = this.next();
    let value = '';
    this.#place += 1;
    while (!this.done && this.next() !== quote) {
      if (this.next() === '\\') this.#place += 1;
      value += this.next();
      this.#place += 1;
    }
    this.#place += 1;
    return value;
  }

  #to(end: string, beyond: number): void {
    const found = this.text.indexOf(end, this.#place);
    this.#place = found === -1 ? this.text.length : found + beyond;
  }
}
