const MAX_DISTANCE = 3;

function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** The known word that a mistyped one most likely meant, for "did you mean". */
export function suggestionFor(word: string, knownWords: readonly string[]): string | undefined {
  let best: { word: string; distance: number } | undefined;
  for (const candidate of knownWords) {
    const d = distance(word.toLowerCase(), candidate.toLowerCase());
    if (d <= Math.min(MAX_DISTANCE, Math.ceil(candidate.length / 2)) && (best === undefined || d < best.distance)) {
      best = { word: candidate, distance: d };
    }
  }
  return best?.word;
}
