/** Styles a terminal can show. Without colour support every one is the plain text. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  green(text: string): string;
}

const ESCAPE = '\u001b';
const wrap =
  (code: number) =>
  (text: string): string =>
    `${ESCAPE}[${code}m${text}${ESCAPE}[0m`;
const plain = (text: string): string => text;

export const COLOURFUL: Style = { bold: wrap(1), dim: wrap(2), red: wrap(31), yellow: wrap(33), green: wrap(32) };
export const PLAIN: Style = { bold: plain, dim: plain, red: plain, yellow: plain, green: plain };

/** Source: no-color.org; a pipe gets no colour either. */
export function styleFor(parts: { isTerminal: boolean; noColor: string | undefined; refused: boolean }): Style {
  return parts.isTerminal && !parts.refused && (parts.noColor === undefined || parts.noColor === '') ? COLOURFUL : PLAIN;
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
