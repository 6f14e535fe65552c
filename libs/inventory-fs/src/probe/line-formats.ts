const LINE_END = /\r\n|\n|\r/;
const COMMENT = /^[#;]/;

const unquoted = (value: string): string => (value.length >= 2 && /^["']/.test(value) && value.endsWith(value.charAt(0)) ? value.slice(1, -1) : value);

/** Name and value of a line `name=value`; undefined for a comment, or a line of another form. The first separator counts. Lines are cut, not matched: a pattern that tries again and again could be kept busy by a line of blanks. */
function assignment(line: string, separator: RegExp): { name: string; value: string } | undefined {
  const text = line.trim();
  const at = text.search(separator);
  if (at < 1 || COMMENT.test(text)) return undefined;
  return { name: text.slice(0, at).trimEnd(), value: unquoted(text.slice(at + 1).trim()) };
}

/** `KEY=value` or `KEY: value` lines; `#` and `;` begin a comment line. The last one counts, as products read them. */
export function keyValue(text: string, key: string): string | undefined {
  let found: string | undefined;
  for (const line of text.split(LINE_END)) {
    const read = assignment(line, /[=:]/);
    if (read?.name === key) found = read.value;
  }
  return found;
}

/** `Key value` lines, as ClamAV and OpenSSH write them; `#` begins a comment line. The last one counts. */
export function words(text: string, key: string): string | undefined {
  let found: string | undefined;
  for (const line of text.split(LINE_END)) {
    const read = assignment(line, /[ \t]/);
    if (read?.name === key) found = read.value;
  }
  return found;
}

/** Name of a section header, with its dot. */
function sectionOf(line: string): string | undefined {
  const text = line.trim();
  return text.startsWith('[') && text.endsWith(']') && text.length > 2 ? `${text.slice(1, -1).trim()}.` : undefined;
}

/** `section.key` of an INI file; a key without a section stands before the first one. The last one counts. */
export function ini(text: string, key: string): string | undefined {
  let section = '';
  let found: string | undefined;
  for (const line of text.split(LINE_END)) {
    const header = sectionOf(line);
    if (header !== undefined) {
      section = header;
      continue;
    }
    const read = assignment(line, /=/);
    if (read !== undefined && section + read.name === key) found = read.value;
  }
  return found;
}
