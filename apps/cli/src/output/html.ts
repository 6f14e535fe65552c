/** Text that is HTML already. */
export class Html {
  constructor(readonly text: string) {}
}

const CODES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
// Characters that turn the direction of what follows, or are not shown at all, would let a value pass for another.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

const encoded = (value: string): string => value.replaceAll(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).replaceAll(/[&<>"']/g, (character) => CODES[character] ?? '');

type Value = string | number | Html | readonly Html[];

function written(value: Value): string {
  if (value instanceof Html) return value.text;
  if (typeof value === 'string') return encoded(value);
  return typeof value === 'number' ? String(value) : value.map(({ text }) => text).join('');
}

/** HTML with values in it, each of which is encoded unless it is HTML itself. Safety: the only way by which a page is made. */
export const html = (parts: TemplateStringsArray, ...values: readonly Value[]): Html => new Html(parts.reduce((text, part, place) => `${text}${written(values[place - 1] ?? '')}${part}`));
