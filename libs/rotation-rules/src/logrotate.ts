import { ABSENT, at, FILES_MAX, LINES_MAX, UNREAD_MAX, type ConfigSource, type Unread } from './config-source.js';
import { matchesName } from './glob.js';
import { afterDirective, LOGROTATE_DEFAULTS, type LogrotateSettings } from './logrotate-settings.js';
import { wordsOf } from './words.js';

/** One block: the logs that it names and what happens to them. */
export interface LogrotateRule {
  /** File and line of the block. */
  readonly source: string;
  /** Absolute globs, as the block names them. */
  readonly globs: readonly string[];
  readonly settings: LogrotateSettings;
}

export interface LogrotateConfig {
  /** In the order in which logrotate reads them: of two blocks that name one log, the first counts. */
  readonly rules: readonly LogrotateRule[];
  readonly unread: readonly Unread[];
}

/** Includes within includes. Source: logrotate.c, `recursion_depth`. */
const DEPTH_MAX = 4;
const SCRIPTS: ReadonlySet<string> = new Set(['prerotate', 'postrotate', 'firstaction', 'lastaction', 'preremove']);
/** Endings of names that an included folder is read without. Source: logrotate(8), `tabooext`. */
const TABOO_ENDINGS = [',v', '.bak', '.cfsaved', '.disabled', '.dpkg-bak', '.dpkg-del', '.dpkg-dist', '.dpkg-new', '.dpkg-old', '.dpkg-tmp', '.rhn-cfg-tmp-*', '.rpmnew', '.rpmorig', '.rpmsave', '.swp', '.ucf-dist', '.ucf-new', '.ucf-old', '~'];

/** Reads logrotate's configuration with whatever it includes. Safety: bounded in files, lines and depth; a file that includes itself ends. */
export function readLogrotate(config: ConfigSource, main: string): LogrotateConfig {
  const reader = new Reader(config);
  reader.file(main, 0);
  return { rules: reader.rules, unread: reader.unread };
}

class Reader {
  readonly rules: LogrotateRule[] = [];
  readonly unread: Unread[] = [];
  #files = 0;
  #globals = LOGROTATE_DEFAULTS;
  #taboo: readonly string[] = TABOO_ENDINGS.map((ending) => `*${ending}`);

  constructor(private readonly config: ConfigSource) {}

  missed(source: string, why: string): void {
    if (this.unread.length < UNREAD_MAX) this.unread.push({ source, why });
  }

  file(path: string, depth: number): void {
    if (depth > DEPTH_MAX || this.#files >= FILES_MAX) return this.missed(path, 'it is included too deep, or there are too many files');
    this.#files += 1;
    const text = this.config.read(path);
    if (text.ok) new FileReader(this, path, depth).lines(text.value.split('\n'));
    else if (text.error !== ABSENT || depth > 0) this.missed(path, text.error);
  }

  include(argument: string, depth: number): void {
    const names = this.config.entries(argument);
    if (names.length === 0) return this.config.read(argument).ok ? this.file(argument, depth + 1) : undefined;
    for (const name of names) if (!name.startsWith('.') && !this.#taboo.some((glob) => matchesName(glob, name))) this.file(`${argument}/${name}`, depth + 1);
  }

  taboo(words: readonly string[], asEndings: boolean): void {
    const adds = words[0] === '+';
    const listed = words.slice(adds ? 1 : 0).join(',').split(',').filter((item) => item !== '');
    this.#taboo = [...(adds ? this.#taboo : []), ...listed.map((item) => (asEndings ? `*${item}` : item))].slice(0, FILES_MAX);
  }

  get globals(): LogrotateSettings {
    return this.#globals;
  }

  set globals(settings: LogrotateSettings) {
    this.#globals = settings;
  }
}

/** The lines of one file: outside of a block, in the list of names before one, in one, or in a script. */
class FileReader {
  #block: { source: string; names: string; settings: LogrotateSettings | null } | null = null;
  #inScript = false;

  constructor(
    private readonly reader: Reader,
    private readonly path: string,
    private readonly depth: number,
  ) {}

  lines(lines: readonly string[]): void {
    if (lines.length > LINES_MAX) this.reader.missed(this.path, `it has more than ${LINES_MAX} lines`);
    lines.slice(0, LINES_MAX).forEach((line, index) => this.#line(line.trim(), index + 1));
    if (this.#block !== null) this.reader.missed(this.#block.source, 'the block has no end');
  }

  #line(line: string, number: number): void {
    if (this.#inScript) this.#inScript = line !== 'endscript';
    else if (line === '' || line.startsWith('#')) return;
    else if (this.#block === null && /^[a-z]/i.test(line)) this.#directive(line, number);
    else if (this.#block === null || this.#block.settings === null) this.#names(line, number);
    else if (line.startsWith('}')) this.#close();
    else this.#directive(line, number);
  }

  #names(line: string, number: number): void {
    const open = line.indexOf('{');
    const names = open === -1 ? line : line.slice(0, open);
    this.#block = { source: this.#block?.source ?? at(this.path, number), names: `${this.#block?.names ?? ''} ${names}`, settings: open === -1 ? null : this.reader.globals };
    const rest = open === -1 ? '' : line.slice(open + 1).trim();
    if (rest !== '') this.#line(rest, number);
  }

  #close(): void {
    if (this.#block?.settings != null) {
      const globs = wordsOf(this.#block.names);
      const absolute = globs.filter((glob) => glob.startsWith('/'));
      if (absolute.length < globs.length) this.reader.missed(this.#block.source, 'a name in it is not absolute');
      this.reader.rules.push({ source: this.#block.source, globs: absolute, settings: this.#block.settings });
    }
    this.#block = null;
  }

  #directive(line: string, number: number): void {
    const [first = '', ...rest] = wordsOf(line.replace('=', ' '));
    const name = first.toLowerCase();
    if (SCRIPTS.has(name)) this.#inScript = true;
    else if (name === 'include' && this.#block === null) this.reader.include(rest[0] ?? '', this.depth);
    else if (name === 'tabooext' || name === 'taboopat') this.reader.taboo(rest, name === 'tabooext');
    else this.#setting(name, rest[0] ?? '', number);
    if (this.#block !== null && rest.at(-1) === '}') this.#close();
  }

  #setting(name: string, argument: string, number: number): void {
    const settings = afterDirective(this.#block?.settings ?? this.reader.globals, name, argument);
    if (settings === null) this.reader.missed(at(this.path, number), `the amount after ${name} cannot be read`);
    else if (this.#block === null) this.reader.globals = settings;
    else this.#block = { ...this.#block, settings };
  }
}
