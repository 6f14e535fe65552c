/** Numbers from a seed, so that a failure can be seen again. Source: Marsaglia, Xorshift RNGs. */
function* numbers(seed: number): Generator<number, never, void> {
  for (let state = seed; ; ) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield Math.abs(state);
  }
}

/** One of several, as the seed has it. */
export type Choose = <T>(choices: readonly T[]) => T;

export function seededChoice(seed: number): Choose {
  const random = numbers(seed);
  return <T>(choices: readonly T[]) => choices[random.next().value % choices.length] as T;
}
