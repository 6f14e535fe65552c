/** Words of a line as shells and systemd split it: quotes keep blanks together, a backslash takes the next character as it is. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  let [word, quote, open] = ['', '', false];
  for (let index = 0; index < line.length; index += 1) {
    const character = line.charAt(index);
    if (character === '\\' && quote !== "'" && index + 1 < line.length) {
      word += line.charAt((index += 1));
      open = true;
    } else if (quote !== '') {
      if (character === quote) quote = '';
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      open = true;
    } else if (isBlank(character)) {
      if (open) words.push(word);
      [word, open] = ['', false];
    } else {
      word += character;
      open = true;
    }
  }
  return open ? [...words, word] : words;
}

export const isBlank = (character: string): boolean => character === ' ' || character === '\t' || character === '\n' || character === '\r';
