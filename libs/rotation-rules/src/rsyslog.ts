import { ABSENT, at, FILES_MAX, UNREAD_MAX, type ConfigSource, type Unread } from './config-source.js';
import { isGlob, matchesEntry } from './glob.js';
import { readExpression } from './rainer-expression.js';
import { RainerText } from './rainer-text.js';
import { ALWAYS, both, not, PERHAPS, propertyIs, selector, type SyslogCondition, type SyslogQuestion } from './syslog-condition.js';

/** A file that messages go into, and which of them. */
export interface SyslogRoute {
  readonly file: string;
  readonly source: string;
  readonly when: SyslogCondition;
}

export interface RsyslogConfig {
  readonly routes: readonly SyslogRoute[];
  /** Places that may send messages to files which are not known here. */
  readonly unread: readonly (Unread & { readonly when: SyslogCondition })[];
}

/** Blocks within blocks, and includes within includes, that are followed. */
const DEPTH_MAX = 20;
/** More statements than this has no configuration; the rest is told as unread. */
const STATEMENTS_MAX = 20_000;
/** Branches of one `if` with its `else if`s; more than this is no configuration either. */
const BRANCHES_MAX = 500;
/** What an action of the older form may begin with, where it stands alone within a block. */
const ACTION_SIGNS = '/?@|~^';
/** Where a legacy action begins that is no file: other hosts, pipes, programs, users, modules. */
const NO_FILE = /^(?:[@|^*:~]|stop$|[a-zA-Z_]+(?:,[a-zA-Z_]+)*$)/;

/** Reads rsyslog's configuration with whatever it includes, as far as it says which messages go into which file. What is not understood is told, and may be so or not. Source: rsyslog.conf(5) and rsyslog's own documentation. */
export function readRsyslog(config: ConfigSource, main: string): RsyslogConfig {
  const reader = new Reader(config);
  reader.file(main, ALWAYS, 0);
  return { routes: reader.routes, unread: reader.unread };
}

/** Files into which lines may go, each once, and the places that could not be read about. */
export function filesFor({ routes, unread }: RsyslogConfig, question: SyslogQuestion): { readonly files: readonly string[]; readonly unread: readonly Unread[] } {
  const files = new Set(routes.filter(({ when }) => when(question) !== 'no').map(({ file }) => file));
  return { files: [...files], unread: unread.filter(({ when }) => when(question) !== 'no').map(({ source, why }) => ({ source, why })) };
}

class Reader {
  readonly routes: SyslogRoute[] = [];
  readonly unread: (Unread & { readonly when: SyslogCondition })[] = [];
  #files = 0;
  statements = 0;

  constructor(private readonly config: ConfigSource) {}

  missed(source: string, why: string, when: SyslogCondition): void {
    if (this.unread.length < UNREAD_MAX) this.unread.push({ source, why, when });
  }

  file(path: string, when: SyslogCondition, depth: number): void {
    if (depth > DEPTH_MAX || this.#files >= FILES_MAX) return this.missed(path, 'it is included too deep, or there are too many files', when);
    this.#files += 1;
    const text = this.config.read(path);
    if (text.ok) new Statements(this, path, new RainerText(text.value)).all(when, depth);
    else if (text.error !== ABSENT) this.missed(path, text.error, when);
  }

  /** `$IncludeConfig` and `include()`: a file, a folder, or a glob in the last component. */
  include(path: string, source: string, when: SyslogCondition, depth: number): void {
    const slash = path.lastIndexOf('/');
    const [folder, name] = [path.slice(0, slash), path.slice(slash + 1)];
    if (!path.startsWith('/') || isGlob(folder)) return this.missed(source, 'what it includes cannot be told', when);
    if (name === '') for (const entry of this.config.entries(folder)) if (!entry.startsWith('.')) this.file(`${folder}/${entry}`, when, depth + 1);
    if (isGlob(name)) for (const entry of this.config.entries(folder)) if (matchesEntry(name, entry)) this.file(`${folder}/${entry}`, when, depth + 1);
    if (name !== '' && !isGlob(name)) this.file(path, when, depth + 1);
  }
}

class Statements {
  /** The condition of the statement before, for `&`. */
  #last: SyslogCondition = ALWAYS;

  constructor(
    private readonly reader: Reader,
    private readonly path: string,
    private readonly text: RainerText,
  ) {}

  /** Statements until the end, or until the bracket that closes a block. */
  all(when: SyslogCondition, depth: number): void {
    for (this.text.toNext(); !this.text.done && this.text.next() !== '}'; this.text.toNext()) {
      const before = this.text.place;
      if ((this.reader.statements += 1) > STATEMENTS_MAX || depth > DEPTH_MAX) return this.reader.missed(this.#here(), 'there are too many statements, or blocks too deep', when);
      this.#statement(when, depth);
      if (this.text.place === before) this.text.skip(1);
    }
  }

  #here(): string {
    return at(this.path, this.text.lineAt(this.text.place));
  }

  #statement(when: SyslogCondition, depth: number): void {
    const { text } = this;
    if (text.next() === '$') this.#directive(when, depth);
    else if (text.atWord('if')) this.#conditional(when, depth);
    else if (text.next() === ':') this.#propertyFilter(when, depth);
    else if (text.next() === '&') {
      text.skip(1);
      this.#action(this.#last, depth);
    } else if (text.next() === '{') this.#block(when, depth);
    else if (text.startsWith('-/') || ACTION_SIGNS.includes(text.next())) this.#action(when, depth);
    else if (text.next() === '!' || text.next() === '+' || text.next() === '-') {
      this.reader.missed(this.#here(), 'a block for one program or host is not read', PERHAPS);
      text.line();
    } else this.#worded(when, depth);
  }

  #directive(when: SyslogCondition, depth: number): void {
    const source = this.#here();
    const line = this.text.line();
    const split = line.search(/\s/);
    if (line.slice(0, split).toLowerCase() === '$includeconfig') this.reader.include(line.slice(split).trim(), source, when, depth);
  }

  /** An `if` with every `else if`. Each branch adds one link to what the next one depends on, so that asking takes as long as the text is. */
  #conditional(when: SyslogCondition, depth: number): void {
    const { text } = this;
    let otherwise = when;
    for (let branch = 0; text.atWord('if'); branch += 1) {
      if (branch === BRANCHES_MAX || depth > DEPTH_MAX) return this.#giveUp(when);
      text.skip(2);
      const condition = readExpression(this.#untilThen());
      this.#last = both(otherwise, condition);
      otherwise = both(otherwise, not(condition));
      this.#action(this.#last, depth);
      text.toNext();
      if (!text.atWord('else')) return;
      text.skip(4);
      text.toNext();
    }
    this.#action(otherwise, depth);
  }

  /** The rest of a file that is built as no configuration is. */
  #giveUp(when: SyslogCondition): void {
    this.reader.missed(this.#here(), 'there are too many branches, or conditions too deep', when);
    this.text.skip(Number.MAX_SAFE_INTEGER);
  }

  #untilThen(): string {
    let condition = '';
    while (!this.text.done && !this.text.atWord('then')) {
      const quoted = this.text.next() === '"' || this.text.next() === "'";
      condition += quoted ? JSON.stringify(this.text.quoted()) : this.text.next();
      if (!quoted) this.text.skip(1);
    }
    this.text.skip(4);
    return condition;
  }

  /** `:programname, isequal, "klms" /var/log/klms.log`. */
  #propertyFilter(when: SyslogCondition, depth: number): void {
    const { text } = this;
    text.skip(1);
    const property = text.until(',\n').trim();
    text.skip(1);
    const operation = text.until(',\n').trim();
    text.skip(1);
    text.blanks();
    const value = text.next() === '"' ? text.quoted() : '';
    const condition = propertyIs(property, operation.replace(/^!/, ''), value);
    this.#last = both(when, operation.startsWith('!') ? not(condition) : condition);
    this.#action(this.#last, depth);
  }

  #block(when: SyslogCondition, depth: number): void {
    this.text.skip(1);
    this.all(when, depth + 1);
    this.text.skip(1);
  }

  /** What begins with a word: an object as `action(...)`, a statement, or a selector of the older form. */
  #worded(when: SyslogCondition, depth: number): void {
    const { text } = this;
    const start = text.place;
    const name = text.word().toLowerCase();
    text.blanks();
    if (text.next() === '(' && name !== '') return this.#object(name, when, depth);
    if (name === 'stop' || name === 'continue' || name === 'return') return;
    if (['set', 'unset', 'reset', 'reload_lookup_table'].includes(name)) {
      text.until(';');
      text.skip(1);
      return;
    }
    if (name === 'call' || name === 'call_indirect') return void text.line(); // Its rule set is read where it stands.
    if (name === 'foreach') {
      text.until('{');
      return text.next() === '{' ? this.#block(both(when, PERHAPS), depth) : undefined;
    }
    text.skip(start - text.place);
    this.#last = both(when, selector(this.#selectorText()));
    this.#action(this.#last, depth);
  }

  #selectorText(): string {
    let found = '';
    while (!this.text.done && !/\s/.test(this.text.next())) {
      found += this.text.next();
      this.text.skip(1);
    }
    return found;
  }

  #object(name: string, when: SyslogCondition, depth: number): void {
    const source = this.#here();
    const parameters = this.#parameters();
    if (name === 'include') this.reader.include(parameters.get('file') ?? '', source, when, depth);
    if (name === 'action') this.#routed(parameters, source, when);
    this.text.toNext();
    // Which messages reach a rule set depends on who calls it.
    if (name === 'ruleset' && this.text.next() === '{') this.#block(PERHAPS, depth);
    if (name === 'template' && this.text.next() === '{') this.#passOver();
  }

  #routed(parameters: ReadonlyMap<string, string>, source: string, when: SyslogCondition): void {
    if (parameters.get('type')?.toLowerCase() !== 'omfile') return;
    const file = parameters.get('file');
    if (file?.startsWith('/') === true) this.reader.routes.push({ file, source, when });
    else this.reader.missed(source, 'the name of the file is made by a template', when);
  }

  #passOver(): void {
    this.text.skip(1);
    this.text.until('}');
    this.text.skip(1);
  }

  /** `name="value"` pairs within round brackets. */
  #parameters(): Map<string, string> {
    const { text } = this;
    const found = new Map<string, string>();
    text.skip(1);
    for (text.toNext(); !text.done && text.next() !== ')'; text.toNext()) {
      const name = text.word().toLowerCase();
      text.toNext();
      if (name === '' || text.next() !== '=') {
        text.skip(name === '' ? 1 : 0);
        continue;
      }
      text.skip(1);
      text.toNext();
      found.set(name, text.next() === '"' || text.next() === "'" ? text.quoted() : text.word());
    }
    text.skip(1);
    return found;
  }

  /** An action behind a condition: a block, an object or statement, or a file in the older form. */
  #action(when: SyslogCondition, depth: number): void {
    const { text } = this;
    text.toNext();
    if (text.next() === '{') return this.#block(when, depth);
    if (['action', 'stop', 'continue', 'call', 'set', 'unset', 'if', 'include', 'foreach'].some((word) => text.atWord(word))) return this.#statement(when, depth + 1);
    const source = this.#here();
    const target = text.until(' \t\n}').split(';', 1)[0] ?? '';
    const file = target.startsWith('-/') ? target.slice(1) : target;
    if (file.startsWith('/')) this.reader.routes.push({ file, source, when });
    else if (file.startsWith('?') || file.startsWith('-?')) this.reader.missed(source, 'the name of the file is made by a template', when);
    else if (file !== '' && !NO_FILE.test(file)) this.reader.missed(source, 'the action is not understood', when);
    text.blanks();
    if (text.next() !== '}') text.line();
  }
}
