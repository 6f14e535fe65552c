/** The entities that every XML file may use. Others are defined by the file itself, which is not followed. */
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const DEPTH_MAX = 100;
const BLANK = /\s/;

const REFERENCE = /&([^;&]{0,12});?/y;

/** What a reference stands for. Errors: throws for one that XML itself does not define. */
function meaningOf(name: string): string {
  const number = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
  const meant = number === null ? (Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined) : String.fromCodePoint(number[1] === undefined ? Number(number[2]) : Number.parseInt(number[1], 16));
  if (meant === undefined) throw new SyntaxError('an entity that XML does not define');
  return meant;
}

/** One reference after the other: the first that is wrong ends it, also where millions follow. */
function decoded(text: string): string {
  const parts: string[] = [];
  let from = 0;
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', from)) {
    REFERENCE.lastIndex = at;
    const [whole = '&', name = ''] = REFERENCE.exec(text) ?? [];
    parts.push(text.slice(from, at), meaningOf(name));
    from = at + whole.length;
  }
  return from === 0 ? text : parts.join('') + text.slice(from);
}

function indexAfter(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from);
  if (at === -1) throw new SyntaxError(`no ${end}`);
  return at + end.length;
}

/** End of a tag: the first `>` that stands in no quotes. */
function tagEnd(text: string, from: number): number {
  let quote = '';
  for (let at = from; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === '>') return at;
  }
  throw new SyntaxError('a tag without an end');
}

function tagName(tag: string): string {
  let end = 0;
  while (end < tag.length && !BLANK.test(tag.charAt(end)) && tag.charAt(end) !== '/') end += 1;
  if (end === 0) throw new SyntaxError('a tag without a name');
  return tag.slice(0, end);
}

/** Follows the file from tag to tag, and notes the text of the first element at the path. */
class Reader {
  readonly #open: string[] = [];
  /** Text of the element at the path, once it began; undefined before. */
  #text: string | undefined;
  #hasChildren = false;
  #done = false;

  constructor(
    private readonly text: string,
    private readonly path: readonly string[],
  ) {}

  /** Returns the text, or undefined when no element is there or it holds other elements. Errors: throws when this is no XML. */
  read(): string | undefined {
    for (let at = 0; at < this.text.length && !this.#done; ) {
      const tag = this.text.indexOf('<', at);
      this.#take(decoded(this.text.slice(at, tag === -1 ? undefined : tag)));
      if (tag === -1) break;
      at = this.#markup(tag);
    }
    if (!this.#done && this.#open.length > 0) throw new SyntaxError('an element without an end');
    return this.#done && !this.#hasChildren ? this.#text?.trim() : undefined;
  }

  /** Goes past what begins with `<`, and returns where it goes on. */
  #markup(at: number): number {
    const { text } = this;
    if (text.startsWith('<!--', at)) return indexAfter(text, '-->', at + 4);
    if (text.startsWith('<?', at)) return indexAfter(text, '?>', at + 2);
    if (text.startsWith('<![CDATA[', at)) {
      const after = indexAfter(text, ']]>', at);
      this.#take(text.slice(at + 9, after - 3));
      return after;
    }
    const end = tagEnd(text, at + 1);
    if (text.startsWith('<!', at)) {
      if (text.slice(at, end).includes('[')) throw new SyntaxError('the file defines entities of its own');
      return end + 1;
    }
    if (text.startsWith('</', at)) this.#close(text.slice(at + 2, end).trim());
    else this.#begin(tagName(text.slice(at + 1, end)), text.charAt(end - 1) === '/');
    return end + 1;
  }

  #take(text: string): void {
    if (this.#text !== undefined) this.#text += text;
  }

  #begin(name: string, closed: boolean): void {
    if (this.#open.length >= DEPTH_MAX) throw new SyntaxError('elements are nested too deeply');
    if (this.#text !== undefined) this.#hasChildren = true;
    this.#open.push(name);
    if (this.#text === undefined && this.#open.length === this.path.length && this.#open.every((part, index) => part === this.path[index])) this.#text = '';
    if (closed) this.#close(name);
  }

  #close(name: string): void {
    if (this.#open.at(-1) !== name) throw new SyntaxError('an element ends that did not begin');
    if (this.#text !== undefined && this.#open.length === this.path.length) this.#done = true;
    this.#open.pop();
  }
}

/** Text of the first element at a path of element names from the root element on, `a.b.c`. Comments say nothing, CDATA is text, names are taken with their prefix; entities that the file itself defines are refused. */
export const xml = (text: string, key: string): string | undefined => new Reader(text, key.split('.')).read();
