/** Styles a terminal can show. Without colour support every one is the plain text. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  green(text: string): string;
  /** Columns that a line may take; null where nobody looks, as in a pipe, and a line stays whole. */
  readonly width: number | null;
}

const ESCAPE = '\u001b';
const wrap =
  (code: number) =>
  (text: string): string =>
    `${ESCAPE}[${code}m${text}${ESCAPE}[0m`;
const plain = (text: string): string => text;

export const COLOURFUL: Style = { bold: wrap(1), dim: wrap(2), red: wrap(31), yellow: wrap(33), green: wrap(32), width: null };
export const PLAIN: Style = { bold: plain, dim: plain, red: plain, yellow: plain, green: plain, width: null };

/** Source: no-color.org; a pipe gets no colour either. */
export function styleFor(parts: { isTerminal: boolean; noColor: string | undefined; refused: boolean; width: number | null }): Style {
  const colours = parts.isTerminal && !parts.refused && (parts.noColor === undefined || parts.noColor === '') ? COLOURFUL : PLAIN;
  return { ...colours, width: parts.width };
}

const NARROWEST = 40;
const WIDEST = 400;

/** Columns of the terminal; `COLUMNS` counts where it is set, also in a pipe. Null when neither is known. */
export function widthFrom(parts: { columns: number | undefined; variable: string | undefined }): number | null {
  const wanted = /^\d{1,5}$/.test(parts.variable ?? '') ? Number(parts.variable) : parts.columns;
  return wanted === undefined || wanted === 0 ? null : Math.min(WIDEST, Math.max(NARROWEST, wanted));
}

/** Breaks a text between words into lines of at most `width`; a word that is longer keeps a line of its own. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/**
 * Text from outside made safe to print: control characters, bidirectional overrides and lone surrogates are spelled out,
 * so that a name can neither move the cursor nor forge a line.
 */
export function printable(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}
