const BYTE_BITS = 8;
const CHARACTER_BITS = 6;

/** The characters of base64 that a word has for certain, when it begins at the first, second or third byte of a group: what stands around it has no say in them. */
function inBase64(word: string, before: number): string {
  const whole = Buffer.concat([Buffer.alloc(before), Buffer.from(word)]).toString('base64');
  return whole.slice(Math.ceil((before * BYTE_BITS) / CHARACTER_BITS), Math.floor(((before + Buffer.byteLength(word)) * BYTE_BITS) / CHARACTER_BITS));
}

const inUrl = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_');
const spellings = (word: string): string[] => [word, `${word.charAt(0).toUpperCase()}${word.slice(1)}`, word.toUpperCase()];
const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** Every form in which a word may be hidden in what is told: as it stands, in base64 and base64url wherever it begins, in hex, and with escapes of JSON, addresses or UTF-16 between its letters. */
export function formsOf(words: readonly string[]): RegExp {
  const forms = words.flatMap(spellings).flatMap((word) => {
    const coded = [0, 1, 2].flatMap((before) => [inBase64(word, before), inUrl(inBase64(word, before))]);
    const hex = Buffer.from(word).toString('hex');
    return [word, ...coded, hex, hex.toUpperCase(), Buffer.from(word, 'utf16le').toString('hex')];
  });
  return new RegExp([...new Set(forms)].map(escaped).join('|'));
}
